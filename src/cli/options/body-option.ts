import { readFile } from 'node:fs/promises';
import { readInput } from '../terminal/read-input.ts';
import { UsageProblem } from './usage-problem.ts';

/** The largest message that SQS accepts. */
const MAX_BODY_BYTES = 1_048_576;

/** A message body from a file, or from standard input for `-`, without the line feed that editors end a file with. */
export async function readBody(path: string): Promise<string> {
  const text = await (path === '-' ? readInput() : readFile(path, 'utf8')).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageProblem(
        'the new body cannot be read',
        `--set-body-file ${path} (${error.code ?? error.name})`,
        'Name a file, or - for standard input.',
      );
    },
  );
  const body = text.replace(/\r?\n$/, '');
  checkSize(body);
  return body;
}

/** @throws UsageProblem for a body that no queue would accept */
export function checkSize(body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > 0 && bytes <= MAX_BODY_BYTES) return;
  throw new UsageProblem(
    'the message was not changed',
    bytes === 0 ? 'the new body is empty' : 'the new body is larger than 1 MiB',
    'To delete the message use `login-etl quarantine discard`.',
  );
}
