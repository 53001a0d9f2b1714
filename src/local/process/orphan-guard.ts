import { spawn } from 'node:child_process';

// `read` returns when the pipe from us closes, which the kernel does however we die. Then the group gets the given
// signal and, five seconds later, SIGKILL.
const watchAndStop = `
read -r _
kill -s "$2" -- "-$1" 2>/dev/null
tries=0
while [ "$tries" -lt 50 ] && kill -s 0 -- "-$1" 2>/dev/null; do
  sleep 0.1 2>/dev/null || sleep 1
  tries=$((tries + 1))
done
kill -s KILL -- "-$1" 2>/dev/null
`;

/**
 * Stops a process group when our own process dies without stopping it (SIGKILL or a crash). Returns a function that
 * cancels the guard. Does nothing on Windows, which has no such shell.
 */
export function guardAgainstOrphans(groupId: number, signal: NodeJS.Signals): () => void {
  if (process.platform === 'win32') return () => {};
  const signalName = signal.replace('SIG', '');
  const guard = spawn(
    '/bin/sh',
    ['-c', watchAndStop, 'login-etl-guard', String(groupId), signalName],
    // Use a separate session, so that Ctrl-C does not end the guard, and an environment without keys.
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    },
  );
  // Without a shell there is no guard, but stop() still works.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return () => {
    guard.kill('SIGKILL');
  };
}
