import { createReadStream } from 'node:fs';
import { Problem } from '../../errors/problem.ts';

/** The largest message that SQS accepts. */
const MAX_MESSAGE_BYTES = 1_048_576;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The non-empty lines of a file (`-` is standard input), read as they are needed. A line ends with LF or CRLF and
 * nothing else: U+2028 may be part of a message.
 */
export async function* readMessages(
  path: string,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<string> {
  let line = 0;
  for await (const bytes of splitLines(openFile(path), onBytes)) {
    line += 1;
    if (bytes.length > MAX_MESSAGE_BYTES) throw tooLong(line);
    if (bytes.length > 0) yield bytes.toString('utf8');
  }
}

const openFile = (path: string): NodeJS.ReadableStream =>
  path === '-' ? process.stdin : createReadStream(path);

async function* splitLines(
  stream: NodeJS.ReadableStream,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let pending = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
      yield lineOf([...parts, bytes.subarray(from, at)]);
      parts = [];
      pending = 0;
      from = at + 1;
    }
    if (from < bytes.length) parts.push(bytes.subarray(from));
    pending += bytes.length - from;
    onBytes?.(bytes.length);
    // Do not read a file without line feeds into memory.
    if (pending > MAX_MESSAGE_BYTES + 1) break;
  }
  yield lineOf(parts);
}

function lineOf(parts: readonly Buffer[]): Buffer {
  const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

const tooLong = (line: number) =>
  new Problem(
    `line ${line} cannot be sent`,
    'it is longer than 1 MiB, the limit of SQS',
    'Check that the file has one message per line.',
  );
