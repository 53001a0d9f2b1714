import type { Command } from 'commander';
import {
  type QuarantinedMessage,
  type QuarantineReason,
  readQuarantinedMessages,
  readQuarantineReasons,
} from '../../../postgres/quarantine/read-quarantine.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, printMessage, terminalWidth } from '../../terminal/output.ts';
import { renderTable } from '../../terminal/table.ts';

const HELP = `
Shows reasons, counts, ids and times, and no values. So it needs no private key and leaves no audit record, but the
database role login_etl_custodian.

Examples:
  login-etl quarantine list
  login-etl quarantine list --messages --for "ip: is not an IP address"
  login-etl quarantine list --messages --limit 1000 --json
${EXIT_CODES_HELP}`;

type Options = { for?: string; messages?: boolean; limit: number; json?: boolean };

export function addQuarantineListCommand(quarantine: Command): void {
  quarantine
    .command('list')
    .description('count quarantined messages by reason, or list them')
    .option('--messages', 'list the messages, latest first')
    .option('--for <reason>', 'only messages with this reason')
    .option('--limit <number>', 'list at most this many messages', wholeNumber(1, 100_000), 50)
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ messages, limit, json, ...options }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const filter = { reason: options.for };
      await withDatabase(command, postgres, async (pool) => {
        if (messages) {
          const found = await readQuarantinedMessages(pool, filter, limit);
          if (json) printJson({ messages: found });
          else show(found.length, () => messageTable(found));
        } else {
          const reasons = await readQuarantineReasons(pool, filter);
          if (json) printJson({ reasons });
          else show(reasons.length, () => reasonTable(reasons));
        }
      });
    });
}

function show(number: number, table: () => string[]): void {
  if (number === 0) printMessage('nothing is in quarantine');
  else printData(table());
}

const reasonTable = (reasons: readonly QuarantineReason[]): string[] =>
  renderTable(
    [
      { title: 'reason' },
      { title: 'messages', short: 'msgs', align: 'right' },
      { title: 'first', drop: 1 },
      { title: 'last' },
    ],
    reasons.map(({ reason, messages, firstAt, lastAt }) => [
      reason,
      messages,
      firstAt.toISOString(),
      lastAt.toISOString(),
    ]),
    terminalWidth(),
  );

const messageTable = (messages: readonly QuarantinedMessage[]): string[] =>
  renderTable(
    [
      { title: 'message' },
      { title: 'reason' },
      { title: 'sent', drop: 1 },
      { title: 'bytes', align: 'right', drop: 2 },
      { title: 'vault key', drop: 3 },
    ],
    messages.map(({ messageId, reason, sentAt, bytes, vaultKeyId }) => [
      messageId,
      reason,
      sentAt.toISOString(),
      bytes,
      vaultKeyId,
    ]),
    terminalWidth(),
  );
