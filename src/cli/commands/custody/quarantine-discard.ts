import type { Command } from 'commander';
import { appendAuditRecord } from '../../../postgres/audit/append-audit-record.ts';
import { boundedTransaction } from '../../../postgres/bounded-transaction.ts';
import { leaveQuarantine } from '../../../postgres/quarantine/leave-quarantine.ts';
import { readQuarantineReasons } from '../../../postgres/quarantine/read-quarantine.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { refuseUnknown } from '../../custody/known-quarantined.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import {
  addFilterOptions,
  type FilterOptions,
  parseFilter,
} from '../../options/quarantine-filter.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { confirm } from '../../terminal/confirm.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Deletes the messages permanently, with their earlier versions; the audit log keeps how many and why. No message is opened, so it needs the database
role login_etl_custodian but not the private key. Without a terminal it needs --yes.

Examples:
  login-etl quarantine discard 5a2f… 77c1… --reason "test messages"
  login-etl quarantine discard --for "message: is not JSON" --reason "case 12: garbage of a broken sender" --yes
  login-etl quarantine discard --all --reason "…" --dry-run
${EXIT_CODES_HELP}`;

type Options = FilterOptions & { reason: string; yes?: boolean; dryRun?: boolean; json?: boolean };

export function addQuarantineDiscardCommand(quarantine: Command): void {
  const command = quarantine
    .command('discard')
    .description('delete quarantined messages, with an audit record');
  addReasonOption(addFilterOptions(command))
    .option('--dry-run', 'only count the messages')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (ids: string[], options: Options, self: Command) => {
      const filter = parseFilter(ids, options);
      const reason = checkReason(options.reason);
      const { postgres } = readSettings(self, ['postgres']);
      await withDatabase(self, postgres, async (pool) => {
        await refuseUnknown(pool, filter);
        const there = (await readQuarantineReasons(pool, filter)).reduce(
          (sum, { messages }) => sum + messages,
          0,
        );
        let discarded = 0;
        let auditId: string | null = null;
        if (!options.dryRun && there > 0) {
          await confirm(`${there} message(s) will be deleted from quarantine.`, options.yes);
          // One transaction: no deletion without its record.
          await boundedTransaction(pool, undefined, async (client) => {
            discarded = await leaveQuarantine(client, filter, 'discarded');
            const detail = { ...filter, messages: discarded };
            auditId = (
              await appendAuditRecord(client, { action: 'quarantine-discard', reason, detail })
            ).id;
          });
        }
        if (options.json) printJson({ there, discarded, auditId });
        else if (options.dryRun) printData(`would discard ${there} message(s)`);
        else printData(`discarded ${discarded} message(s)`);
        const missing = (filter.messageIds?.length ?? there) - there;
        if (missing > 0) printMessage(`${missing} of the messages have left quarantine before`);
        process.exitCode = missing > 0 ? EXIT.failure : EXIT.ok;
      });
    });
}
