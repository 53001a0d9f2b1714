import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from './duration.ts';

const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** `7d` before now, or a date and time; without a zone it is UTC. */
export function parseSince(text: string): Date {
  if (!ISO.test(text)) {
    try {
      return new Date(Date.now() - parseDurationMs(text));
    } catch {
      throw new InvalidArgumentError('It takes 7d, 12h, 30m, or a date such as 2026-11-01T00:00Z.');
    }
  }
  const zone = text.length > 10 && !/(Z|[+-]\d\d:\d\d)$/.test(text) ? 'Z' : '';
  const date = new Date(text.replace(' ', 'T') + zone);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('There is no such date.');
  return date;
}
