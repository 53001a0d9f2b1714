import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOM_RULES } from '../../scripts/import-rules.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ROOMS = Object.keys(ROOM_RULES);
const DEPTHS = ['', 'a/', 'a/b/'];

/** A line for each room that a room may not import from, and for each that it may. */
function importsOf(room: string, depth: string) {
  const up = '../'.repeat(depth.split('/').length);
  const { from, typesFrom = [] } = ROOM_RULES[room] as (typeof ROOM_RULES)[string];
  const lineFor = (other: string) =>
    `export { x as x_${other.replace(/\W/g, '_')} } from '${up}${other}/x.ts';`;
  const forbidden = ROOMS.filter((other) => other !== room && !from.includes(other));
  return {
    forbidden: forbidden.map(lineFor),
    allowed: [
      ...from.filter((other) => !other.endsWith('.ts')).map(lineFor),
      ...typesFrom.map((other) =>
        `export type { X } from '${up}${other}/x.ts';`.replace('X }', `X as X_${other} }`),
      ),
    ],
  };
}

const CASES = ROOMS.flatMap((room) =>
  DEPTHS.map((depth) => ({
    room,
    depth,
    folder: `src/${room}/${depth}`,
    ...importsOf(room, depth),
  })),
);

/** The lines that the linter complains about, by file. */
let complaints: Map<string, number[]>;
let directory: string;

beforeAll(async () => {
  // In the checkout, so that the linter reads the same settings.
  directory = await mkdtemp(join(ROOT, '.import-rules-'));
  for (const name of ['oxlint.config.ts', 'package.json', 'scripts', 'node_modules']) {
    await symlink(join(ROOT, name), join(directory, name));
  }
  for (const { folder, forbidden, allowed } of CASES) {
    await write(`${folder}forbidden.ts`, forbidden);
    await write(`${folder}allowed.ts`, allowed);
  }
  await write('src/workflows/forbidden-modules.ts', [
    "export { readFile } from 'node:fs/promises';",
    "export { createHash } from 'crypto';",
    "export { Client } from '@temporalio/client';",
    "export { Worker } from '@temporalio/worker';",
    "export { Context } from '@temporalio/activity';",
  ]);
  complaints = await lint();
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

async function write(file: string, lines: readonly string[]): Promise<void> {
  const path = join(directory, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${lines.join('\n')}\n`);
}

async function lint(): Promise<Map<string, number[]>> {
  const { stdout } = await promisify(execFile)(
    join(ROOT, 'node_modules/.bin/oxlint'),
    ['--format=json', 'src'],
    { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout: string }) => error);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  const found = new Map<string, number[]>();
  for (const { code, filename, labels } of diagnostics) {
    if (!code.includes('no-restricted-imports')) continue;
    found.set(filename, [...(found.get(filename) ?? []), labels[0]?.span.line ?? 0]);
  }
  return found;
}

const linesIn = (file: string) => [...new Set(complaints.get(file) ?? [])].sort((a, b) => a - b);
const all = (lines: readonly string[]) => lines.map((_, index) => index + 1);

describe.each(CASES)('$folder', ({ folder, forbidden, allowed }) => {
  test('may not import from any other room', () => {
    expect(linesIn(`${folder}forbidden.ts`)).toEqual(all(forbidden));
  });
  test(`may import from the ${allowed.length} rooms of its rule`, () => {
    expect(linesIn(`${folder}allowed.ts`)).toEqual([]);
  });
});

test('workflow code may not import what is not deterministic', () => {
  expect(linesIn('src/workflows/forbidden-modules.ts')).toEqual([1, 2, 3, 4, 5]);
});

test('every room of src has a rule', async () => {
  const { readdirSync } = await import('node:fs');
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true });
  expect(rooms.filter((each) => each.isDirectory() && !ROOMS.includes(each.name))).toEqual([]);
});
