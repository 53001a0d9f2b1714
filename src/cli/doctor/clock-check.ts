import type { Pool } from 'pg';
import { sqsServerTimeMs } from '../../queue/server-time.ts';
import type { SqsSettings } from '../../queue/sqs-client.ts';
import { describeDuration } from '../options/duration.ts';
import { type CheckList, type Finding, failed, ok, warning } from './check.ts';

/** AWS refuses signatures that are five minutes off, and dates are taken from these clocks. */
const MAX_OFFSET_MS = 30_000;

type Offset = { of: string; ms: number };

export function clockCheck(sqs: SqsSettings | undefined, pool: Pool | undefined): CheckList {
  return {
    checks: [
      {
        name: 'clock',
        async run() {
          const offsets = await Promise.all([
            pool && offset('Postgres', () => postgresTimeMs(pool)),
            sqs && offset('SQS', () => sqsServerTimeMs(sqs)),
          ]);
          return assessOffsets(offsets.filter((it): it is Offset => it !== undefined));
        },
      },
    ],
  };
}

/** How far our clock is ahead of the other one. */
async function offset(
  of: string,
  ask: () => Promise<number | undefined>,
): Promise<Offset | undefined> {
  const before = Date.now();
  const theirs = await ask().catch(() => undefined);
  if (theirs === undefined) return undefined;
  return { of, ms: (before + Date.now()) / 2 - theirs };
}

async function postgresTimeMs(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  return rows[0]?.ms ?? Number.NaN;
}

export function assessOffsets(offsets: readonly Offset[]): Finding {
  if (offsets.length === 0) return warning('not checked', 'Neither Postgres nor SQS answered.');
  const off = offsets.filter(({ ms }) => Math.abs(ms) > MAX_OFFSET_MS);
  if (off.length === 0) {
    return ok(`agrees with ${offsets.map(({ of }) => of).join(' and ')} to within 30 s`);
  }
  const list = off.map(
    ({ of, ms }) => `${describeDuration(Math.abs(ms))} ${ms > 0 ? 'ahead of' : 'behind'} ${of}`,
  );
  return failed(
    list.join(', '),
    'Synchronize the clock (NTP): AWS refuses requests that are five minutes off.',
  );
}
