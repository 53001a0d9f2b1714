import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Counts } from '../../../domain/counts.ts';
import { Problem } from '../../../errors/problem.ts';
import { appendAuditRecord } from '../../../postgres/audit/append-audit-record.ts';
import { readQuarantineReasons } from '../../../postgres/quarantine/read-quarantine.ts';
import { workerCount } from '../../../temporal/workers.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withCustody } from '../../connect/with-custody.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { refuseUnknown } from '../../custody/known-quarantined.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { replay } from '../../custody/replay-quarantined.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import {
  addFilterOptions,
  type FilterOptions,
  parseFilter,
} from '../../options/quarantine-filter.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Opens the messages and passes them, encrypted, to a workflow that masks and inserts them as a run does. A message
leaves quarantine in the transaction that stores it, and keeps its id and date, so it cannot be stored twice. A message
that is still not a login event stays in quarantine with its new reason. Each batch is a run in the ledger.

Needs the database role login_etl_custodian, the vault's private key, PAYLOAD_KEYS, Temporal, and a running worker.
--dry-run only counts the messages and opens none.

Examples:
  login-etl quarantine replay --for "ip: is not an IP address" --dry-run --reason "case 12"
  login-etl quarantine replay --for "ip: is not an IP address" --reason "case 12: the new release takes them"
  login-etl quarantine replay 5a2f… --reason "sender's typo fixed"
  login-etl quarantine replay --all --reason "after the upgrade" --json
${EXIT_CODES_HELP}`;

type Options = FilterOptions & { reason: string; dryRun?: boolean; json?: boolean };

export function addQuarantineReplayCommand(quarantine: Command): void {
  const command = quarantine
    .command('replay')
    .description('process quarantined messages again, with an audit record');
  addReasonOption(addFilterOptions(command))
    .option('--dry-run', 'only count the messages')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (ids: string[], options: Options, self: Command) => {
      const filter = parseFilter(ids, options);
      const reason = checkReason(options.reason);
      const { temporal, payloads } = readSettings(self, ['temporal', 'payloads']);
      await withCustody(self, async (custody) => {
        await refuseUnknown(custody.pool, filter);
        const reasons = await readQuarantineReasons(custody.pool, filter);
        const there = reasons.reduce((sum, { messages }) => sum + messages, 0);
        const missing = (filter.messageIds?.length ?? there) - there;
        if (missing > 0) printMessage(`${missing} of the messages have left quarantine before`);
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
            return replay(custody, client, payloads.keys, { replayId, filter, there });
          },
        );
        const detail = { replayId, step: 'ended', counts, notOpened };
        await appendAuditRecord(custody.pool, { action: 'quarantine-replay', reason, detail });
        if (options.json) printJson({ replayId, there, counts, notOpened });
        else printData(describe(there, counts));
        if (notOpened === 0) return;
        printMessage(
          `${notOpened} message(s) cannot be opened with this key, and were not changed`,
        );
        process.exitCode = EXIT.failure;
      });
    });
}

async function refuseWithoutWorker(client: Client): Promise<void> {
  if ((await workerCount(client)) > 0) return;
  throw new Problem(
    'nothing was replayed',
    'no worker is running',
    'Start one (`npm run worker`), then replay again.',
  );
}

const describe = (there: number, { inserted, quarantined, duplicates }: Counts): string =>
  `replayed ${there} message(s): ${inserted} stored, ${quarantined} still in quarantine` +
  (duplicates > 0 ? `, ${duplicates} that had already left quarantine` : '');
