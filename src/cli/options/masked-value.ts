import { type Command, Option } from 'commander';
import { MASKED_COLUMNS, type MaskedField } from '../../domain/login/login-columns.ts';
import type { MaskedValue } from '../../domain/login/sealed-original.ts';
import { UsageProblem } from './usage-problem.ts';

const MASKED_OPTIONS = MASKED_COLUMNS.map(({ field, column, masked }) => ({
  field,
  flag: `--${masked.option}`,
  option: () =>
    new Option(`--${masked.option} <masked value...>`, `${column}, as user_logins has it`),
}));

/** The names of these options, as `conflicts` takes them. */
export const MASKED_OPTION_NAMES = MASKED_OPTIONS.map(({ option }) => option().attributeName());

/** `--ip`, `--device` and so on: an option for each masked field, which takes masked values. */
export function addMaskedOptions(command: Command): Command {
  for (const { option } of MASKED_OPTIONS) command.addOption(option());
  return command;
}

/** @throws UsageProblem */
export const readMaskedOptions = (command: Command): MaskedValue[] =>
  MASKED_OPTIONS.flatMap(({ field, flag, option }) => {
    const texts: string[] = command.getOptionValue(option().attributeName()) ?? [];
    return texts.map((text) => parseMaskedValue(field, flag, text));
  });

/** A wrong value is not repeated: it may be an original. */
function parseMaskedValue(field: MaskedField, flag: string, text: string): MaskedValue {
  const maskedHex = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(maskedHex)) return { field, maskedHex };
  throw new UsageProblem(
    `${flag} takes a masked value`,
    'the value is not 64 hexadecimal digits',
    'Take it from user_logins, or find it by its original: `login-etl find --ip -`.',
  );
}
