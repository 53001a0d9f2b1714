import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

type Entry = { version: string; integrity?: string; resolved?: string; link?: boolean };

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: Record<string, Entry> };
const entries = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link);

test('every package in the lock file is pinned by a hash', () => {
  expect(entries.length).toBeGreaterThan(200);
  expect(entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});
