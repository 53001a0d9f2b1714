import Table from 'cli-table3';
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
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Reasons, counts, ids and times: no value of a message, and so no private key and no record.

Examples:
  login-etl quarantine list
  login-etl quarantine list --messages --for "ip: is not an IP address"
  login-etl quarantine list --messages --limit 1000 --json
${EXIT_CODES_HELP}`;

type Options = { for?: string; messages?: boolean; limit: number; json?: boolean };

export function addQuarantineListCommand(quarantine: Command): void {
  quarantine
    .command('list')
    .description('how many there are of each reason; --messages: which')
    .option('--messages', 'the messages, the youngest first')
    .option('--for <reason>', 'only with this reason')
    .option('--limit <number>', 'show so many messages', wholeNumber(1, 100_000), 50)
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ messages, limit, json, ...options }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const filter = { reason: options.for };
      await withDatabase(postgres, 'quarantine list', async (pool) => {
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

function show(number: number, table: () => string): void {
  if (number === 0) printMessage('nothing is in quarantine');
  else printData(table());
}

const STYLE = { style: { head: [], border: [] } };

function reasonTable(reasons: readonly QuarantineReason[]): string {
  const table = new Table({ head: ['reason', 'messages', 'first', 'last'], ...STYLE });
  table.push(
    ...reasons.map(({ reason, messages, firstAt, lastAt }) => [
      reason,
      { content: messages, hAlign: 'right' as const },
      firstAt.toISOString(),
      lastAt.toISOString(),
    ]),
  );
  return table.toString();
}

function messageTable(messages: readonly QuarantinedMessage[]): string {
  const table = new Table({ head: ['message', 'reason', 'sent', 'bytes', 'vault key'], ...STYLE });
  table.push(
    ...messages.map(({ messageId, reason, sentAt, bytes, vaultKeyId }) => [
      messageId,
      reason,
      sentAt.toISOString(),
      { content: bytes, hAlign: 'right' as const },
      vaultKeyId,
    ]),
  );
  return table.toString();
}
