import { spawn } from 'node:child_process';

// `read` returns when the pipe from us closes, which the kernel does however we die. The group then
// gets its polite signal, five seconds, and SIGKILL.
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
 * Stops a process group when our own process dies without stopping it (SIGKILL, a crash, an exit in
 * mid-air). Returns the function that calls the guard off. Windows has no such shell: no guard there.
 */
export function guardAgainstOrphans(groupId: number, signal: NodeJS.Signals): () => void {
  if (process.platform === 'win32') return () => {};
  const signalName = signal.replace('SIG', '');
  const guard = spawn(
    '/bin/sh',
    ['-c', watchAndStop, 'login-etl-guard', String(groupId), signalName],
    // Its own session, so that Ctrl-C does not end it; a bare environment, so that it holds no keys.
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    },
  );
  // Without a shell there is no guard; the ordinary stop() still works.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return () => {
    guard.kill('SIGKILL');
  };
}
