import { type Command, Option } from 'commander';
import { UsageProblem } from './usage-problem.ts';

/** As the audit log takes it. */
const MAX_CHARACTERS = 4_000;

/** The reason that goes on the record. */
export function addReasonOption(command: Command, { mandatory = true } = {}): Command {
  const option = new Option(
    '--reason <text>',
    'why; it goes on the record, and must hold no value',
  );
  return command.addOption(option.makeOptionMandatory(mandatory));
}

/** @throws UsageProblem for a reason that is none */
export function checkReason(reason: string): string {
  const text = reason.trim();
  if (text !== '' && text.length <= MAX_CHARACTERS && !text.includes('\u0000')) return text;
  throw new UsageProblem(
    '--reason says too little',
    text === '' ? 'it is blank' : `it is longer than ${MAX_CHARACTERS} characters, or holds a NUL`,
    'Say why, in words that an auditor understands: a case number, a request.',
  );
}
