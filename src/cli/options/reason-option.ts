import { type Command, Option } from 'commander';
import { UsageProblem } from './usage-problem.ts';

/** The limit of the audit log. */
const MAX_CHARACTERS = 4_000;

/** The reason that the audit log keeps. */
export function addReasonOption(command: Command, { mandatory = true } = {}): Command {
  const option = new Option(
    '--reason <text>',
    'why: written to the audit log, so it must not contain a value',
  );
  return command.addOption(option.makeOptionMandatory(mandatory));
}

/** @throws UsageProblem for a reason that the audit log would refuse */
export function checkReason(reason: string): string {
  const text = reason.trim();
  if (text !== '' && text.length <= MAX_CHARACTERS && !text.includes('\u0000')) return text;
  throw new UsageProblem(
    '--reason is not valid',
    text === ''
      ? 'it is blank'
      : `it is longer than ${MAX_CHARACTERS} characters, or contains a NUL`,
    'Give a reason that an auditor understands: a case number, a request.',
  );
}
