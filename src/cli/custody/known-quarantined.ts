import type { Pool } from 'pg';
import { reasonLabels } from '../../domain/login/quarantine-reasons.ts';
import {
  type QuarantineFilter,
  readQuarantineReasons,
  readUnknownIds,
} from '../../postgres/quarantine/read-quarantine.ts';
import { UsageProblem } from '../options/usage-problem.ts';

const MAX_NAMED = 20;

/**
 * A typing error must not look like an empty quarantine.
 * @throws UsageProblem that names a reason that no message has or can have, or ids that were never in quarantine
 */
export async function refuseUnknown(
  pool: Pool,
  { reason, messageIds }: QuarantineFilter,
): Promise<void> {
  if (reason !== undefined) await refuseUnknownReason(pool, reason);
  const unknown = messageIds ? await readUnknownIds(pool, messageIds) : [];
  if (unknown.length === 0) return;
  throw new UsageProblem(
    'nothing was done',
    `quarantine has never had a message ${named(unknown)}`,
    'See `login-etl quarantine list --messages`.',
  );
}

async function refuseUnknownReason(pool: Pool, reason: string): Promise<void> {
  const present = (await readQuarantineReasons(pool)).map((row) => row.reason);
  if (present.includes(reason) || canOccur(reason)) return;
  throw new UsageProblem(
    '--for names no reason',
    `no quarantined message has the reason "${reason}"`,
    present.length === 0
      ? 'Quarantine is empty.'
      : `Give one as \`login-etl quarantine list\` shows it: ${named(present.map((text) => `"${text}"`))}.`,
  );
}

/** Postgres' refusals name any constraint, so such a reason is known only by its messages. */
const canOccur = (reason: string): boolean =>
  !['other', 'user_logins'].includes(reasonLabels(reason).field);

const named = (texts: readonly string[]): string =>
  texts.slice(0, MAX_NAMED).join(', ') +
  (texts.length > MAX_NAMED ? ` and ${texts.length - MAX_NAMED} more` : '');
