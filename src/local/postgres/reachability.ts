import { runToCompletion } from '../process/run-to-completion.ts';
import type { PostgresAccount } from './postgres-account.ts';

/** Tries it, since file modes do not show ACLs and mounts. */
export async function canEnter(directory: string, account: PostgresAccount): Promise<boolean> {
  return await succeeds(account, '/bin/sh', ['-c', 'cd "$1"', 'sh', directory]);
}

export async function canRun(
  program: string,
  account: PostgresAccount | undefined,
): Promise<boolean> {
  return await succeeds(account, program, ['--version']);
}

async function succeeds(
  runAs: PostgresAccount | undefined,
  command: string,
  args: readonly string[],
): Promise<boolean> {
  try {
    await runToCompletion({ name: command, command, args, runAs, cwd: '/', timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}
