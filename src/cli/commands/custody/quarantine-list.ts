import { type Command, Option } from 'commander';
import {
  type QuarantinedMessage,
  type QuarantineReason,
  readQuarantinedMessages,
  readQuarantineReasons,
} from '../../../postgres/quarantine/read-quarantine.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withCustody } from '../../connect/with-custody.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { groupByTrait, TRAITS, type Trait } from '../../custody/group-by-trait.ts';
import { refuseUnknown } from '../../custody/known-quarantined.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, printMessage, terminalWidth } from '../../terminal/output.ts';
import { renderTable } from '../../terminal/table.ts';

const HELP = `
Shows reasons, counts, ids and times, and no values. So it needs no private key and leaves no audit record, but the
database role login_etl_custodian. With --messages each message has all of its faults; its reason is the first of them.

--by also counts by a field that tells which software sent the messages. It opens every message, so it needs the vault's
private key and a --reason for the audit log.

Examples:
  login-etl quarantine list
  login-etl quarantine list --messages --for "ip: is not an IP address"
  login-etl quarantine list --by app-version --reason "case 12: which release sends them?"
  login-etl quarantine list --messages --limit 1000 --json
${EXIT_CODES_HELP}`;

type Options = {
  for?: string;
  messages?: boolean;
  by?: Trait;
  limit: number;
  reason?: string;
  json?: boolean;
};

export function addQuarantineListCommand(quarantine: Command): void {
  const command = quarantine
    .command('list')
    .description('count quarantined messages by reason, or list them')
    .option('--messages', 'list the messages, latest first')
    .option('--for <reason>', 'only messages with this reason')
    .addOption(
      new Option('--by <field>', 'also count by this field of the messages')
        .choices(Object.keys(TRAITS))
        .conflicts('messages'),
    )
    .option('--limit <number>', 'list at most this many messages', wholeNumber(1, 100_000), 50);
  addReasonOption(command, { mandatory: false })
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ messages, limit, by, json, ...options }: Options, self: Command) => {
      const filter = { reason: options.for };
      if (by !== undefined) return listGroups(self, by, options, json);
      if (options.reason !== undefined) {
        throw new UsageProblem(
          '--reason is given without --by',
          'it is for the audit log, and this listing opens no message',
          'To list the messages of one reason, use --for.',
        );
      }
      const { postgres } = readSettings(self, ['postgres']);
      await withDatabase(self, postgres, async (pool) => {
        await refuseUnknown(pool, filter);
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

async function listGroups(
  command: Command,
  trait: Trait,
  { for: ofReason, reason }: Pick<Options, 'for' | 'reason'>,
  json: boolean | undefined,
): Promise<void> {
  if (reason === undefined) {
    throw new UsageProblem(
      '--by needs a --reason',
      'it opens the messages, which is written to the audit log',
      'Give a reason that an auditor understands: a case number, a request.',
    );
  }
  const why = checkReason(reason);
  await withCustody(command, async (custody) => {
    const filter = { reason: ofReason };
    await refuseUnknown(custody.pool, filter);
    const { groups, notOpened } = await groupByTrait(custody, filter, { trait, reason: why });
    if (json) printJson({ by: trait, groups, notOpened });
    else {
      const rows = groups.map(({ value, ...group }) => [
        value ?? '(none)',
        group.reason,
        group.messages,
      ]);
      const columns = [
        { title: trait.replace('-', ' ') },
        { title: 'reason' },
        { title: 'messages', short: 'msgs', align: 'right' as const },
      ];
      show(rows.length, () => renderTable(columns, rows, terminalWidth()));
    }
    if (notOpened === 0) return;
    printMessage(`${notOpened} message(s) cannot be opened with this key`);
    process.exitCode = EXIT.failure;
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
      { title: 'faults' },
      { title: 'sent', drop: 1 },
      { title: 'bytes', align: 'right', drop: 2 },
      { title: 'vault key', drop: 3 },
    ],
    messages.map(({ messageId, faults, sentAt, bytes, vaultKeyId }) => [
      messageId,
      faults.join('; '),
      sentAt.toISOString(),
      bytes,
      vaultKeyId,
    ]),
    terminalWidth(),
  );
