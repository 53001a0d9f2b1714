import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { openQuarantined } from '../../crypto/open-quarantined.ts';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import { appendAuditRecord } from '../../postgres/append-audit-record.ts';
import {
  type QuarantineFilter,
  readQuarantineReasons,
  readSealedMessages,
  type SealedMessage,
} from '../../postgres/read-quarantine.ts';
import { endRelease, releaseQuarantined } from '../../postgres/release-quarantined.ts';
import { Problem } from '../../problem.ts';
import { runReplay } from '../../temporal/run-replay.ts';
import { workerCount } from '../../temporal/workers.ts';
import { EXIT, EXIT_CODES_HELP } from '../exit-codes.ts';
import { printData, printJson, printMessage } from '../output.ts';
import { startProgress } from '../progress.ts';
import { addFilterOptions, type FilterOptions, parseFilter } from '../quarantine-filter.ts';
import { readSettings } from '../read-settings.ts';
import { addReasonOption, checkReason } from '../reason-option.ts';
import { recordFirst } from '../record-first.ts';
import { type Custody, withCustody } from '../with-custody.ts';
import { withTemporal } from '../with-temporal.ts';

/** A batch is one payload: far below the 2 MiB that Temporal takes. */
const MAX_BATCH_MESSAGES = 1_000;
const MAX_BATCH_BYTES = 1_048_576;

const HELP = `
Opens the messages and hands them, encrypted, to a workflow that masks and inserts them as a run does. A message leaves
quarantine with the transaction that stores it, and keeps its id and its day, so it can't be stored twice. What is
still no login event stays in quarantine, with the reason of today. Each batch is a run in the ledger.

Needs the custodian's database role, the vault's private key, PAYLOAD_KEYS, Temporal, and a worker that runs.
--dry-run only counts: it opens nothing.

Examples:
  login-etl quarantine replay --for "ip: is not an IP address" --dry-run --reason "case 12"
  login-etl quarantine replay --for "ip: is not an IP address" --reason "case 12: the new release takes them"
  login-etl quarantine replay 5a2f… --reason "mended"
  login-etl quarantine replay --all --reason "after the upgrade" --json
${EXIT_CODES_HELP}`;

type Options = FilterOptions & { reason: string; dryRun?: boolean; json?: boolean };

type Replayed = { counts: Counts; notOpened: number };

export function addQuarantineReplayCommand(quarantine: Command): void {
  const command = quarantine
    .command('replay')
    .description('send quarantined messages through again, on the record');
  addReasonOption(addFilterOptions(command))
    .option('--dry-run', 'only say how many there are')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (ids: string[], options: Options, self: Command) => {
      const filter = parseFilter(ids, options);
      const reason = checkReason(options.reason);
      const { temporal, payloads } = readSettings(self, ['temporal', 'payloads']);
      await withCustody(self, async (custody) => {
        const reasons = await readQuarantineReasons(custody.pool, filter);
        const there = reasons.reduce((sum, { messages }) => sum + messages, 0);
        const missing = (filter.messageIds?.length ?? there) - there;
        if (missing > 0) printMessage(`${missing} of the ids are not in quarantine`);
        process.exitCode = missing > 0 ? EXIT.failure : EXIT.ok;
        if (options.dryRun || there === 0) {
          if (options.json) printJson({ there, reasons });
          else printData(`would replay ${there} message(s)`);
          return;
        }
        const replayId = randomUUID();
        const { counts, notOpened } = await withTemporal(
          temporal,
          payloads.keys,
          async (client) => {
            await refuseWithoutWorker(client);
            const detail = { ...filter, replayId, messages: there, step: 'released' };
            await recordFirst(custody.pool, { action: 'quarantine-replay', reason, detail });
            return replay(custody, client, { replayId, filter, there });
          },
        );
        const detail = { replayId, step: 'ended', counts, notOpened };
        await appendAuditRecord(custody.pool, { action: 'quarantine-replay', reason, detail });
        if (options.json) printJson({ replayId, there, counts, notOpened });
        else printData(describe(there, counts));
        if (notOpened === 0) return;
        printMessage(
          `${notOpened} message(s) do not open with this key, and were left as they are`,
        );
        process.exitCode = EXIT.failure;
      });
    });
}

async function refuseWithoutWorker(client: Client): Promise<void> {
  if ((await workerCount(client)) > 0) return;
  throw new Problem(
    'nothing was replayed',
    'no worker asks for work',
    'Start one (`npm run worker`), and replay again.',
  );
}

async function replay(
  { pool, privateKey }: Custody,
  client: Client,
  { replayId, filter, there }: { replayId: string; filter: QuarantineFilter; there: number },
): Promise<Replayed> {
  const counts = zeroCounts();
  const progress = startProgress('{bar} {value}/{total} replayed', there);
  let notOpened = 0;
  let after = '';
  try {
    for (let number = 1; ; number += 1) {
      const page = await readSealedMessages(pool, filter, {
        after,
        limit: MAX_BATCH_MESSAGES,
        maxBytes: MAX_BATCH_BYTES,
      });
      const last = page.at(-1);
      if (last === undefined) return { counts, notOpened };
      after = last.messageId;
      const opened = await openAll(page, (message) => openQuarantined(message, privateKey));
      notOpened += page.length - opened.length;
      if (opened.length > 0) {
        const messageIds = opened.map(({ messageId }) => messageId);
        await releaseQuarantined(pool, replayId, messageIds);
        const batch = {
          replayId,
          messageIds,
          sentAtMs: opened.map(({ sentAt }) => sentAt.getTime()),
          bodies: opened.map(({ body }) => body),
        };
        addCounts(counts, await runReplay(client, batch, number));
      }
      progress.update(counts.received + notOpened, {});
    }
  } finally {
    progress.stop();
    await endRelease(pool, replayId);
  }
}

type Opened = SealedMessage & { body: string };

async function openAll(
  page: readonly SealedMessage[],
  open: (message: SealedMessage) => Promise<string | undefined>,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  for (const message of page) {
    const body = await open(message);
    if (body !== undefined) opened.push({ ...message, body });
  }
  return opened;
}

const describe = (there: number, { inserted, quarantined, duplicates }: Counts): string =>
  `replayed ${there} message(s): ${inserted} stored, ${quarantined} still in quarantine` +
  (duplicates > 0 ? `, ${duplicates} that something else had taken out meanwhile` : '');
