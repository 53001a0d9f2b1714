import { Problem } from '../../errors/problem.ts';
import { historyRetentionDays } from '../../temporal/history-retention.ts';
import { tryReadSettings } from '../connect/read-settings.ts';
import { withTemporal } from '../connect/with-temporal.ts';

const ASK_TIMEOUT_MS = 5_000;

export type Remains = { historyRetentionDays: number | null; historyUntil: string | null };

/** Until when workflow history holds messages, encrypted with the payload keys; null when Temporal can't be asked. */
export async function readRemains(): Promise<Remains> {
  const settings = tryReadSettings(['temporal'])?.temporal;
  try {
    if (!settings) return { historyRetentionDays: null, historyUntil: null };
    const days = await withTemporal(settings, undefined, (client) =>
      client.withDeadline(Date.now() + ASK_TIMEOUT_MS, () => historyRetentionDays(client)),
    );
    const until = new Date(Date.now() + days * 86_400_000).toISOString();
    return { historyRetentionDays: days, historyUntil: until };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { historyRetentionDays: null, historyUntil: null };
  }
}

export function describeRemains({ historyRetentionDays: days, historyUntil }: Remains): string {
  return [
    'What still holds it:',
    historyUntil === null
      ? '  workflow history, encrypted: until the retention of the Temporal namespace is over (it could not be asked)'
      : `  workflow history, encrypted: ${days} day(s) after a run has ended, so until ${historyUntil} at the latest for runs that have`,
    '  backups, replicas and archived WAL of Postgres: until they are deleted, by your own retention',
    "  Postgres' files: until a vacuum of vault, vault_data_keys and quarantine (autovacuum does it in time)",
    '  SQS: messages that are not received yet, for 14 days at most',
    'user_logins keeps its rows. A new login brings a new original: the next erase is for that.',
  ].join('\n');
}
