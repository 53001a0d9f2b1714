import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** All of standard input, as text. */
export const readInput = (): Promise<string> => text(process.stdin);

/**
 * A secret value: one line of standard input, or typed at a prompt that does not echo it.
 * @returns '' after Ctrl-C or Ctrl-D
 */
export async function readSecretLine(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return (await readInput()).replace(/\r?\n$/, '');
  process.stderr.write(prompt);
  const answer = await ask('', new Writable({ write: (_chunk, _encoding, done) => done() }));
  process.stderr.write('\n');
  return answer;
}

/** The answer to a question on the terminal, '' after Ctrl-C or Ctrl-D. */
export async function ask(
  question: string,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  const lines = createInterface({
    input: process.stdin,
    output,
    terminal: true,
    historySize: 0,
  });
  // readline answers Ctrl-C with an error and Ctrl-D by closing without an answer.
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    return await Promise.race([lines.question(question).catch(() => ''), closed]);
  } finally {
    lines.close();
  }
}
