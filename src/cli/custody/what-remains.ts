import { Problem } from '../../errors/problem.ts';
import { historyRetentionSeconds } from '../../temporal/history-retention.ts';
import { tryReadSettings } from '../connect/read-settings.ts';
import { withTemporal } from '../connect/with-temporal.ts';

const ASK_TIMEOUT_MS = 5_000;

export type Remains = { historyRetentionDays: number | null; historyUntil: string | null };

/** Until when workflow histories contain messages, encrypted with the payload keys; null when Temporal is unreachable. */
export async function readRemains(): Promise<Remains> {
  const settings = tryReadSettings(['temporal'])?.temporal;
  try {
    if (!settings) return { historyRetentionDays: null, historyUntil: null };
    const seconds = await withTemporal(settings, undefined, (client) =>
      client.withDeadline(Date.now() + ASK_TIMEOUT_MS, () =>
        historyRetentionSeconds(client.connection, client.options.namespace),
      ),
    );
    const until = new Date(Date.now() + seconds * 1_000).toISOString();
    return { historyRetentionDays: seconds / 86_400, historyUntil: until };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { historyRetentionDays: null, historyUntil: null };
  }
}

export function describeRemains({ historyRetentionDays: days, historyUntil }: Remains): string[] {
  return [
    'Copies that remain for a while:',
    historyUntil === null
      ? '  workflow history, encrypted: until the retention of the Temporal namespace ends (Temporal could not be asked)'
      : `  workflow history, encrypted: for ${days} day(s) after the end of a run; for ended runs until ${historyUntil} at the latest`,
    '  backups, replicas and archived WAL of Postgres: until your own retention deletes them',
    "  Postgres' files: until a vacuum of vault, vault_data_keys and quarantine (autovacuum runs by itself)",
    '  SQS: messages not yet received, for at most 14 days',
    'user_logins keeps its rows. A later login stores a new original, which needs another erase.',
  ];
}
