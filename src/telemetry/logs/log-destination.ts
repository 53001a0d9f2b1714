import pino, { type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { LogFormat } from '../../config/sections/worker-section.ts';

const STANDARD_ERROR = 2;

/** Standard error: JSON for machines, lines for a terminal, in colours if it has them (and NO_COLOR is not set). */
export function logDestination(
  format: LogFormat = process.stderr.isTTY ? 'pretty' : 'json',
): DestinationStream {
  if (format === 'json') return pino.destination(STANDARD_ERROR);
  return prettyLines(STANDARD_ERROR, process.stderr.isTTY && process.stderr.hasColors());
}

export const prettyLines = (
  destination: number | NodeJS.WritableStream,
  colorize: boolean,
): DestinationStream =>
  pretty({
    destination,
    colorize,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
