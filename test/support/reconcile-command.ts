import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Reconciliation } from '../../src/domain/reconciliation.ts';
import { programEnvironment } from './program-environment.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export type CommandResult = { exitCode: number | null; stdout: string; stderr: string };

/** The real command, `node src/cli/main.ts reconcile`, with this environment and no other. */
export async function reconcileCommand(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, 'reconcile', ...args], {
    env: { ...programEnvironment(), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([
    exited,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr };
}

export type ReconcileJson = Reconciliation & { since: string; addsUp: boolean };

export async function reconcileJson(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult & { json: ReconcileJson }> {
  const result = await reconcileCommand(env, '--json', ...args);
  return { ...result, json: JSON.parse(result.stdout) as ReconcileJson };
}
