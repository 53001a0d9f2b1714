import { InvalidArgumentError, Option } from 'commander';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Reads `90s`, `10m`, `1h`, `2d`. */
export function parseDurationMs(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!unit) throw new InvalidArgumentError('It takes a number and s, m, h or d: 90s, 10m, 1h.');
  return Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** In the largest unit that loses little: `45 s`, `12 min`, `3 h`, `2 days`. */
export function describeDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** `--since`: a duration before now, or a date and time. */
export function sinceOption(description: string, byDefault?: string): Option {
  const option = new Option('--since <when>', description).argParser(parseSince);
  return byDefault === undefined ? option : option.default(parseSince(byDefault), byDefault);
}

/** A date and time without a zone is UTC. */
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
