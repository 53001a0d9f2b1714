import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const MAX_FILES = 15;
const MAX_LINES = 250;

const files = globSync('src/**/*.ts', { cwd: ROOT });
const read = (file: string) => readFileSync(resolve(ROOT, file), 'utf8');

function countBy(of: (file: string) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(of(file), (counts.get(of(file)) ?? 0) + 1);
  return [...counts];
}

test('the files of src are found', () => {
  expect(files.length).toBeGreaterThan(300);
});

test(`no folder of src has more than ${MAX_FILES} files of its own`, () => {
  expect(countBy(dirname).filter(([, count]) => count > MAX_FILES)).toEqual([]);
});

test(`no file of src has more than ${MAX_LINES} lines`, () => {
  const lines = files.map((file) => [file, read(file).trimEnd().split('\n').length] as const);
  expect(lines.filter(([, count]) => count > MAX_LINES)).toEqual([]);
});

test('no two files of src have the same name, except index.ts', () => {
  const repeated = countBy((file) => basename(file)).filter(([, count]) => count > 1);
  expect(repeated.filter(([name]) => name !== 'index.ts')).toEqual([]);
});

test('no room is called utils, common, helpers or misc', () => {
  expect(files.filter((file) => /(^|[/-])(utils?|common|helpers?|misc)[./-]/.test(file))).toEqual(
    [],
  );
});

/** Literal translations and riddles that have stopped readers. */
const UNIDIOMATIC =
  /\banew\b|so many at most|in the making|\btold by\b|what makes no sense|is no reason|put in the place of another|has it in hand/i;

test('no text uses the phrases that CONTRIBUTING.md rules out', () => {
  const texts = [...files, ...globSync('docs/**/*.md', { cwd: ROOT }), 'README.md'];
  const found = texts.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (UNIDIOMATIC.test(line) ? [`${file}:${index + 1}: ${line}`] : [])),
  );
  expect(found).toEqual([]);
});

test('migrations are numbered one after the other', () => {
  const numbers = globSync('migrations/*.sql', { cwd: ROOT })
    .map((file) => basename(file).slice(0, 5))
    .toSorted();
  expect(numbers).toEqual(numbers.map((_, index) => `${String(index + 1).padStart(4, '0')}_`));
});
