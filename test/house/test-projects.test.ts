import { globSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { basename, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf } from './imports-of.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const files = globSync('test/**/*.test.ts', { cwd: ROOT });
const suffixOf = (file: string) => basename(file).split('.').slice(1, -2).at(-1) ?? '';
const unitTests = files.filter((file) => suffixOf(file) === '');

/** What starts real servers or programs for a test. */
const STARTS_SERVERS = /^test\/(support\/(servers\/|start-stack|shared-parts)|cli\/login-etl)/;

test('a unit test that listens or connects fails with the name that its file needs', async () => {
  expect(() => createServer().listen(0)).toThrow('.parts.test.ts');
  expect(() => connect(1, '127.0.0.1')).toThrow('.parts.test.ts');
  await expect(fetch('http://127.0.0.1:1')).rejects.toThrow();
});

test.each(unitTests)('%s imports nothing that starts servers', (file) => {
  const imported = [...importsOf(resolve(ROOT, file))].map((each) => relative(ROOT, each));
  expect(imported.filter((each) => STARTS_SERVERS.test(each))).toEqual([]);
});

/** Suffixes that only one folder has; `npm test` does not run them. */
const OF_A_FOLDER = {
  faults: 'test/faults/',
  cluster: 'test/kubernetes/',
  compose: 'test/compose/',
};

test('the end of a test file names its project, or its folder', () => {
  const unknown = files.filter(
    (file) => !['', 'parts', 'system', ...Object.keys(OF_A_FOLDER)].includes(suffixOf(file)),
  );
  const misplaced = Object.entries(OF_A_FOLDER).flatMap(([suffix, folder]) =>
    files.filter((file) => suffixOf(file) === suffix && !file.startsWith(folder)),
  );
  expect([...unknown, ...misplaced]).toEqual([]);
});
