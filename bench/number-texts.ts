import type { Spread } from './statistics.ts';

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
export const times = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(2));
export const seconds = (value: number): string => value.toFixed(1);
export const mebibytes = (bytes: number): string => `${whole(bytes / 2 ** 20)} MiB`;

/** `4,100 (3,900–4,300)`; of a single value only that. */
export function spreadText({ median, min, max }: Spread, text: (value: number) => string): string {
  return min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}
