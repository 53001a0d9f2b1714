import type { Reconciliation } from '../../src/domain/reconciliation.ts';
import { loginEtl } from '../cli/in-process.ts';
import type { CommandResult } from '../cli/login-etl.ts';

export const reconcileCommand = (
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult> => loginEtl(env, ['reconcile', ...args]);

export type ReconcileJson = Reconciliation & { since: string; addsUp: boolean };

export async function reconcileJson(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CommandResult & { json: ReconcileJson }> {
  const result = await reconcileCommand(env, '--json', ...args);
  return { ...result, json: JSON.parse(result.stdout) as ReconcileJson };
}
