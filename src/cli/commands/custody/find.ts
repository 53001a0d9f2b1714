import { type Command, Option } from 'commander';
import { maskersById } from '../../../crypto/keys/masker.ts';
import { MASKED_COLUMNS, type MaskedField } from '../../../domain/login/login-columns.ts';
import { IDS_WITHOUT_KEY } from '../../../domain/login/masking.ts';
import { findAccounts, readMaskKeyIds } from '../../../postgres/logins/find-accounts.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { type MaskedUnderKey, maskedValuesTable } from '../../custody/masked-values-table.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { MASKED_OPTION_NAMES } from '../../options/masked-value.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { readSearchValue } from '../../options/search-value.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, printMessage, terminalWidth } from '../../terminal/output.ts';
import { type Column, renderTable } from '../../terminal/table.ts';

const NO_REASON = '(none given)';
const MAX_ACCOUNTS = 10_000;

const HELP = `
Masks the value with every key of MASKING_KEYS, as ingestion does, and searches for the results. The value itself is
not stored or sent anywhere. With - it is read from standard input or from a prompt that does not echo it, and so
stays out of the shell's history and the process list.

Needs the masking keys and the database role login_etl_custodian, but not the vault's private key. The search is
written to the audit log, by masked value, before anything is shown. The masked columns have no index: use --since
on large tables.

Examples:
  login-etl find --ip 199.172.111.135
  login-etl find --device - --since 30d --reason "fraud case 4712"
  pbpaste | login-etl find --ip - --json
${EXIT_CODES_HELP}`;

/** An option for each masked field. They exclude each other. */
const SEARCH_OPTIONS = MASKED_COLUMNS.map(({ field, masked }) => {
  const option = new Option(
    `--${masked.option} <${masked.noun}>`,
    `the ${masked.noun}; - for standard input`,
  );
  const others = MASKED_OPTION_NAMES.filter((name) => name !== option.attributeName());
  return { field, option: option.conflicts(others) };
});

type Options = {
  since?: Date;
  limit: number;
  reason?: string;
  json?: boolean;
};

export function addFindCommand(program: Command): void {
  const command = program
    .command('find')
    .description('find the accounts that share an address or a device');
  for (const { option } of SEARCH_OPTIONS) command.addOption(option);
  command
    .addOption(sinceOption('logins sent since then: 7d, 12h, or a date'))
    .option(
      '--limit <number>',
      'show at most this many accounts',
      wholeNumber(1, MAX_ACCOUNTS),
      50,
    );
  addReasonOption(command, { mandatory: false })
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, limit, reason, json }: Options, self: Command) => {
      const { field, argument } = parseSearch(self);
      const why = reason === undefined ? NO_REASON : checkReason(reason);
      const { postgres, masking } = readSettings(self, ['postgres', 'masking']);
      const value = await readSearchValue(field, argument);
      await withDatabase(self, postgres, async (pool) => {
        const inRows = new Set(await readMaskKeyIds(pool, since));
        const maskers = [...maskersById(masking.keys).values()].filter(({ keyId }) =>
          inRows.delete(keyId),
        );
        const searched = maskers.map(({ keyId, mask }) => ({
          maskKeyId: keyId,
          maskedValue: mask(field, value),
        }));
        const masked = searched.map(({ maskedValue }) => maskedValue);
        const found = await findAccounts(pool, field, masked, { since, limit });
        // An unkeyed hash of an address can be reversed, so the audit log does not get it.
        const onRecord = searched.filter(({ maskKeyId }) => !IDS_WITHOUT_KEY.includes(maskKeyId));
        await recordFirst(pool, {
          action: 'find',
          reason: why,
          detail: {
            field,
            maskedValues: onRecord.map(({ maskedValue }) => maskedValue),
            maskKeyIds: searched.map(({ maskKeyId }) => maskKeyId),
            accounts: found.total,
          },
        });
        const notSearched = [...inRows];
        if (json) printJson({ field, searched, notSearched, ...found });
        else show(searched, found);
        if (notSearched.length > 0) {
          printMessage(
            `not searched: rows masked with the key(s) ${notSearched.join(', ')}, which MASKING_KEYS does not contain`,
          );
        }
      });
    });
}

function parseSearch(command: Command): { field: MaskedField; argument: string } {
  for (const { field, option } of SEARCH_OPTIONS) {
    const argument: string | undefined = command.getOptionValue(option.attributeName());
    if (argument !== undefined) return { field, argument };
  }
  const flags = SEARCH_OPTIONS.map(({ option }) => option.long).join(', ');
  throw new UsageProblem(
    'there is nothing to search for',
    `none of ${flags} was given`,
    'Give one of them.',
  );
}

const COLUMNS: readonly Column[] = [
  { title: 'account' },
  { title: 'logins', align: 'right' },
  { title: 'first day', drop: 1 },
  { title: 'last day' },
];

function show(
  searched: readonly MaskedUnderKey[],
  { accounts, total }: Awaited<ReturnType<typeof findAccounts>>,
): void {
  if (searched.length > 0) printData([...maskedValuesTable(searched), '']);
  if (total === 0) {
    printMessage('no account has this value');
    return;
  }
  const rows = accounts.map(({ userId, logins, firstDay, lastDay }) => [
    userId,
    logins,
    firstDay,
    lastDay,
  ]);
  printData(renderTable(COLUMNS, rows, terminalWidth()));
  if (total > accounts.length) {
    printMessage(`and ${total - accounts.length} more account(s): raise --limit`);
  }
}
