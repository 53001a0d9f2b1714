import { type MaskedField, maskedColumn } from '../../domain/login/login-columns.ts';
import { parseField } from '../../domain/login/login-event.ts';
import { readSecretLine } from '../terminal/read-input.ts';
import { UsageProblem } from './usage-problem.ts';

/**
 * Reads the value to search for, in the form in which it is masked. `-` reads it from standard input or a prompt.
 * No error repeats the value.
 * @throws UsageProblem for a value that no message can contain
 */
export async function readSearchValue(field: MaskedField, argument: string): Promise<string> {
  const flag = `--${maskedColumn(field).masked.option}`;
  const given = argument === '-' ? await readSecretLine(`${field}: `) : argument;
  const parsed = parseField(field, given);
  // An empty optional field is null.
  const value: string | null | undefined = parsed.data;
  if (typeof value === 'string') return value;
  throw new UsageProblem(
    `${flag} has no value to search for`,
    `the value ${parsed.error?.issues[0]?.message ?? 'is empty'}`,
    `Give it as a message has it, or ${flag} - and one line on standard input.`,
  );
}
