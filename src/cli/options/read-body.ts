import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageProblem } from './usage-problem.ts';

/** SQS takes no message of more. */
const MAX_BODY_BYTES = 1_048_576;

/** A message body of a file, or of standard input for `-`; without the line feed that editors end a file with. */
export async function readBody(path: string): Promise<string> {
  const bytes = await (path === '-' ? buffer(process.stdin) : readFile(path)).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageProblem(
        'the new body cannot be read',
        `--set-body-file (${error.code ?? error.name})`,
        'Name a file, or - for standard input.',
      );
    },
  );
  const body = bytes.toString('utf8').replace(/\r?\n$/, '');
  checkSize(body);
  return body;
}

/** @throws UsageProblem for one that no queue would take */
export function checkSize(body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > 0 && bytes <= MAX_BODY_BYTES) return;
  throw new UsageProblem(
    'the message was left as it is',
    bytes === 0 ? 'the new body is empty' : 'the new body is larger than 1 MiB',
    'Use `login-etl quarantine discard` for what is not worth mending.',
  );
}
