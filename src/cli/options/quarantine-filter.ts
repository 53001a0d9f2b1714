import type { Command } from 'commander';
import type { QuarantineFilter } from '../../postgres/quarantine/read-quarantine.ts';
import { UsageProblem } from './usage-problem.ts';

/** More than anyone types; `--for` and `--all` have no limit. */
const MAX_IDS = 1_000;

export type FilterOptions = { all?: boolean; for?: string };

export const addFilterOptions = (command: Command): Command =>
  command
    .argument('[ids...]', 'message ids, as `quarantine list --messages` shows them')
    .option('--for <reason>', 'all messages with this reason, as `quarantine list` shows it')
    .option('--all', 'all messages');

/** @throws UsageProblem unless exactly one of the three ways is used */
export function parseFilter(ids: readonly string[], options: FilterOptions): QuarantineFilter {
  const ways = [ids.length > 0, options.for !== undefined, options.all === true];
  if (ways.filter(Boolean).length !== 1 || ids.length > MAX_IDS) {
    throw new UsageProblem(
      'it is not clear which messages to take',
      `give either ids (at most ${MAX_IDS}), or --for with a reason, or --all`,
      'See `login-etl quarantine list`.',
    );
  }
  if (options.all) return {};
  return options.for === undefined ? { messageIds: [...new Set(ids)] } : { reason: options.for };
}
