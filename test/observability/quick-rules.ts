import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

const RULES = new URL('../../deploy/prometheus/rules/', import.meta.url);

const SECONDS = { m: 1, h: 20, d: 480 } as const;

/** How long something lasts before an alert speaks of it. The other thresholds stay. */
const THRESHOLDS = [
  ['clamp_min(5 * (', 'clamp_min(0.001 * ('],
  ['vector(720)), 600)', 'vector(720)), 8)'],
  ['login_etl_sample_timestamp_seconds) > 300', 'login_etl_sample_timestamp_seconds) > 5'],
] as const;

/** Writes a copy of the rules in which a minute is a second, and alerts fire after a second. @returns the copies */
export async function writeQuickRules(directory: string): Promise<string[]> {
  const texts = new Map<string, string>();
  for (const name of ['recording.yml', 'alerts.yml']) {
    texts.set(name, await readFile(new URL(name, RULES), 'utf8'));
  }
  for (const [usual] of THRESHOLDS) expect([...texts.values()].join()).toContain(usual);
  const files: string[] = [];
  for (const [name, text] of texts) {
    const file = join(directory, name);
    files.push(file);
    await writeFile(file, quick(text));
  }
  return files;
}

/** Also for a query that a document shows. */
export function quick(promql: string): string {
  const shorter = (number: string, unit: string) =>
    `${Number(number) * SECONDS[unit as keyof typeof SECONDS]}s`;
  const text = promql
    .replaceAll(/^( +for:) .*/gm, '$1 1s')
    .replaceAll(/\[(\d+)([mhd])\]/g, (_, number, unit) => `[${shorter(number, unit)}]`)
    .replaceAll(/offset (\d+)([mhd])/g, (_, number, unit) => `offset ${shorter(number, unit)}`);
  return THRESHOLDS.reduce((all, [usual, short]) => all.replace(usual, short), text);
}
