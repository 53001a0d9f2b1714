import { spawn } from 'node:child_process';

/** Signals a process we started and everything it started. One that is gone already is fine. */
export function signalProcessGroup(leaderPid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    // Windows has no signals to catch: the whole tree ends at once.
    spawn('taskkill', ['/pid', String(leaderPid), '/T', '/F'], { stdio: 'ignore' }).on(
      'error',
      () => {},
    );
    return;
  }
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    // EPERM is macOS' answer for a group in which only zombies are left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
