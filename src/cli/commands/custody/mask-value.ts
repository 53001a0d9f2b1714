import { type Command, Option } from 'commander';
import { createMasker, maskersById } from '../../../crypto/keys/masker.ts';
import { MASKED_COLUMNS, type MaskedField } from '../../../domain/login/login-columns.ts';
import { IDS_WITHOUT_KEY } from '../../../domain/login/masking.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { maskedValuesTable } from '../../custody/masked-values-table.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { MASKED_OPTION_NAMES } from '../../options/masked-value.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { readSearchValue } from '../../options/search-value.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Reads the value from one line of standard input, or from a prompt that does not echo it, and masks it with every key of
MASKING_KEYS, as ingestion does. The value is not stored or sent anywhere.

Whoever can mask a value can test a guess, so the audit record is committed before anything is shown. It has the masked
values under keyed masks, never the value. Needs the masking keys and the database role login_etl_custodian.

Examples:
  login-etl mask --ip --reason "case 4712: blocklist"
  login-etl mask --device --active --reason "case 4712" < device.txt
  pbpaste | login-etl mask --ip --reason "case 4712" --json
${EXIT_CODES_HELP}`;

const FIELD_OPTIONS = MASKED_COLUMNS.map(({ field, masked }) => {
  const option = new Option(`--${masked.option} [-]`, `mask the ${masked.noun} on standard input`);
  const others = MASKED_OPTION_NAMES.filter((name) => name !== option.attributeName());
  return { field, option: option.conflicts(others) };
});

type Options = { active?: boolean; reason: string; json?: boolean };

export function addMaskCommand(program: Command): void {
  const command = program
    .command('mask')
    .description('mask a value from standard input, with an audit record');
  for (const { option } of FIELD_OPTIONS) command.addOption(option);
  addReasonOption(command)
    .option('--active', 'only with the active masking key')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ active = false, reason, json }: Options, self: Command) => {
      const field = parseMaskField(self);
      const why = checkReason(reason);
      const { postgres, masking } = readSettings(self, ['postgres', 'masking']);
      const value = await readSearchValue(field, '-');
      const current = createMasker(masking);
      const older = [...maskersById(masking.keys).values()].filter(
        ({ keyId }) => keyId !== current.keyId && !IDS_WITHOUT_KEY.includes(keyId),
      );
      const masked = (active ? [current] : [current, ...older]).map(({ keyId, mask }) => ({
        maskKeyId: keyId,
        maskedValue: mask(field, value),
      }));
      // An unkeyed hash of an address can be reversed, so the audit log does not get it.
      const onRecord = masked.filter(({ maskKeyId }) => !IDS_WITHOUT_KEY.includes(maskKeyId));
      const { id } = await withDatabase(self, postgres, (pool) =>
        recordFirst(pool, {
          action: 'mask',
          reason: why,
          detail: {
            field,
            maskedValues: onRecord.map(({ maskedValue }) => maskedValue),
            maskKeyIds: masked.map(({ maskKeyId }) => maskKeyId),
          },
        }),
      );
      if (json) printJson({ auditId: id, field, masked });
      else printData(maskedValuesTable(masked));
    });
}

/** A value on the command line is refused, and not repeated: it is in the list of processes already. */
function parseMaskField(command: Command): MaskedField {
  for (const { field, option } of FIELD_OPTIONS) {
    const given: string | true | undefined = command.getOptionValue(option.attributeName());
    if (given === undefined) continue;
    if (given === true || given === '-') return field;
    throw new UsageProblem(
      `${option.long} takes no value`,
      'the list of processes and the history of the shell show what is on the command line',
      `Give the value on standard input: login-etl mask ${option.long} --reason "…" < FILE`,
    );
  }
  throw new UsageProblem(
    'there is nothing to mask',
    `none of ${FIELD_OPTIONS.map(({ option }) => option.long).join(', ')} was given`,
    'Give one of them, and the value on standard input.',
  );
}
