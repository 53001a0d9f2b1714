import { readFile } from 'node:fs/promises';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Config } from '../../config/config.ts';
import type { Keyring } from '../../crypto/keys/keyring.ts';
import { Problem } from '../../errors/problem.ts';
import { openQueue } from '../../queue/open-queue.ts';
import { sendMessages } from '../../queue/send-messages.ts';
import { type SqsSettings, sqsClient } from '../../queue/sqs-client.ts';
import { connectClient } from '../../temporal/connect-client.ts';
import {
  createSchedule,
  DEFAULT_CATCHUP_WINDOW_MS,
  DEFAULT_EVERY_MS,
  scheduleHandle,
} from '../../temporal/schedule/create-schedule.ts';
import { ensureMaintenanceSchedule } from '../../temporal/schedule/daily-schedules.ts';
import type { Report } from '../report.ts';
import { followSamples, runsWhenOver } from './follow-samples.ts';
import { countsTable, rowsTable } from './sample-tables.ts';
import { firstRows } from './stored-messages.ts';

const SAMPLES = new URL('../../../samples/logins.jsonl', import.meta.url);
const ROWS_SHOWN = 10;

type Context = {
  sqs: SqsSettings;
  temporal: Config['temporal'];
  payloadKeys: Keyring;
  pool: Pool;
  report: Report;
  signal: AbortSignal;
};

/**
 * Sends the samples, creates the schedule, triggers a run and shows its result.
 * @throws Problem when a message that was sent is in neither table at the end
 */
export async function showSamplesRun(context: Context): Promise<void> {
  const { sqs, temporal, payloadKeys, pool, report, signal } = context;
  const sqsConnection = sqsClient(sqs);
  const client = await connectClient(temporal, payloadKeys);
  try {
    const queue = await openQueue(sqsConnection, sqs);
    const samples = (await readFile(SAMPLES, 'utf8')).split('\n').filter((line) => line !== '');
    const sending = report.begin('Samples');
    const messageIds = await sendMessages(queue, samples);
    report.up(sending, `${messageIds.length} messages sent`);

    const plan = {
      when: { everyMs: DEFAULT_EVERY_MS },
      catchupWindowMs: DEFAULT_CATCHUP_WINDOW_MS,
    };
    const scheduling = report.begin('Schedule');
    await createSchedule(client, plan, { replace: true });
    await ensureMaintenanceSchedule(client);
    report.up(scheduling, 'ingest-logins, every minute; maintain-tables, every day');

    report.heading('The first run');
    // BUFFER_ONE: if a scheduled run has just started, the triggered run starts after it instead of being skipped.
    await scheduleHandle(client).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
    const stored = await followSamples(pool, messageIds, signal);
    for (const run of await runsWhenOver(pool, messageIds, signal)) {
      report.line(`  ${run.workflowId}`);
      report.line(countsTable(run.counts));
    }
    report.heading(`The first ${ROWS_SHOWN} rows of user_logins`);
    report.line(rowsTable(await firstRows(pool, messageIds, ROWS_SHOWN)));
    const total = stored.inUserLogins + stored.inQuarantine;
    report.line(
      `  ${messageIds.length} messages sent: ${stored.inUserLogins} in user_logins, ${stored.inQuarantine} in quarantine.`,
    );
    if (total !== new Set(messageIds).size) {
      throw new Problem(
        'not every message was stored exactly once',
        `${messageIds.length} were sent, ${total} are stored`,
        'This must not happen: keep .local/ and report it.',
      );
    }
  } finally {
    sqsConnection.destroy();
    await client.connection.close();
  }
}
