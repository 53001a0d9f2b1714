import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type MaskedField, maskedColumn } from '../../domain/login/login-columns.ts';
import { parseField } from '../../domain/login/login-event.ts';
import { UsageProblem } from './usage-problem.ts';

/**
 * Reads the value to search by, in the form in which it is masked. `-` reads a line of standard input, without an echo
 * on a terminal. Nothing repeats the value.
 * @throws UsageProblem for a value that no message could hold
 */
export async function readSearchValue(field: MaskedField, argument: string): Promise<string> {
  const flag = `--${maskedColumn(field).masked.option}`;
  const given = argument === '-' ? await readLine(`${field}: `) : argument;
  const parsed = parseField(field, given);
  // An empty optional field is null.
  const value: string | null | undefined = parsed.data;
  if (typeof value === 'string') return value;
  throw new UsageProblem(
    `${flag} has no value to search by`,
    `what was given ${parsed.error?.issues[0]?.message ?? 'is empty'}`,
    `Give it as a message would have it, or ${flag} - and one line on standard input.`,
  );
}

/** A line of standard input, which a terminal does not echo. */
export async function readLine(prompt: string): Promise<string> {
  if (process.stdin.isTTY) return askWithoutEcho(prompt);
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

async function askWithoutEcho(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
    historySize: 0,
  });
  try {
    // Ctrl-C and Ctrl-D give nothing.
    return await lines.question('').catch(() => '');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
