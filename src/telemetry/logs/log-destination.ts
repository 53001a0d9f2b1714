import pino, { type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { LogFormat } from '../../config/sections/worker-section.ts';
import { printable } from '../../domain/printable.ts';
import { ignoreLostTerminal } from './lost-terminal.ts';

const STANDARD_ERROR = 2;

/** Logs to standard error: JSON for machines, plain lines for a terminal, in colour where supported and NO_COLOR is unset. */
export function logDestination(
  format: LogFormat = process.stderr.isTTY ? 'pretty' : 'json',
): DestinationStream {
  if (format === 'json') return standardError();
  return prettyLines(standardError(), process.stderr.isTTY && process.stderr.hasColors());
}

export function standardError(): DestinationStream {
  const destination = pino.destination({ dest: STANDARD_ERROR, sync: true });
  destination.on('error', ignoreLostTerminal);
  return destination;
}

/** Entries hold text of others, such as workflow ids: what a terminal obeys is escaped before colours are added. */
export function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  const lines = pretty({
    destination,
    colorize,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (entry) => lines.write(`${JSON.stringify(JSON.parse(entry, escaped))}\n`) };
}

const escaped = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? printable(value) : value;
