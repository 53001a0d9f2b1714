import { spawn } from 'node:child_process';

/** Signals a process and everything it started. Ignores a process that has ended. */
export function signalProcessGroup(leaderPid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    // Windows has no such signals: end the whole tree.
    spawn('taskkill', ['/pid', String(leaderPid), '/T', '/F'], { stdio: 'ignore' }).on(
      'error',
      () => {},
    );
    return;
  }
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    // macOS returns EPERM for a group that contains only zombies.
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
