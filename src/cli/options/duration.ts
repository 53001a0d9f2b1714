import { InvalidArgumentError } from 'commander';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `90s`, `10m`, `1h`, `2d`. */
export function parseDurationMs(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!unit)
    throw new InvalidArgumentError('It takes a number and s, m, h or d, such as 90s or 10m.');
  return Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** The largest unit that fits, without a remainder worth reading: `45 s`, `12 min`, `3 h`, `2 days`. */
export function describeDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
