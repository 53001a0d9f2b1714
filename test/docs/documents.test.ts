import { existsSync, globSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { documents, fencedBlocks, inlineCode, ROOT, readDocument } from './documents.ts';

const WORDS_IN_ALL = 15_000;
const GENERATED = ['docs/settings.md', 'docs/command-line.md'];
const BYTES_OF_README = 10_240;

/** Words have a letter or a digit, so the rules of tables do not count. */
const words = (text: string): number =>
  text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** The anchors that GitHub derives from headings. */
const anchors = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documents are short', () => {
  test('README.md is at most 10 KB', () => {
    expect(Buffer.byteLength(readDocument('README.md'))).toBeLessThanOrEqual(BYTES_OF_README);
  });

  // Decisions are a record, not something to read through. The reference of settings and commands is made from the code.
  test('what is written by hand, but for the decisions, has at most 15,000 words', () => {
    const counts = documents()
      .filter(({ path }) => !path.startsWith('docs/decisions/') && !GENERATED.includes(path))
      .map(({ path, text }) => [path, words(text)] as const);
    const sum = counts.reduce((total, [, count]) => total + count, 0);
    expect(sum, JSON.stringify(Object.fromEntries(counts))).toBeLessThanOrEqual(WORDS_IN_ALL);
  });
});

test.each(documents().map(({ path }) => path))('links and anchors of %s lead somewhere', (path) => {
  const dead = [...readDocument(path).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    .filter(([, target = '', anchor]) => {
      const file = target === '' ? path : normalize(join(dirname(path), target));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchors(readDocument(file)).includes(anchor);
    })
    .map(([link]) => link);
  expect(dead).toEqual([]);
});

test('every document in docs/ is on the map, docs/README.md', () => {
  const map = readDocument('docs/README.md');
  const missing = documents()
    .map(({ path }) => path)
    .filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md')
    .filter((path) => !map.includes(`(${path.replace('docs/', '')})`));
  expect(missing).toEqual([]);
});

test('README.md names every command', () => {
  const [, section = ''] = readDocument('README.md').split('## Commands');
  const [groups = ''] = section.split('\n## ');
  const names = createProgram().commands.map((command) => command.name());
  expect(names.filter((name) => !groups.includes(`\`${name}\``))).toEqual([]);
});

test('files of the repository that are named exist', () => {
  const missing = documents().flatMap((document) =>
    inlineCode(document)
      .filter((code) => /^(src|test|docs|deploy|scripts|bench|samples)\/[\w./-]+$/.test(code))
      .filter((file) => !existsSync(join(ROOT, file)))
      .map((file) => `${document.path}: ${file}`),
  );
  expect(missing).toEqual([]);
});

test.each(['docs/security.md', 'docs/custody.md'])('each promise of %s names its tests', (path) => {
  const [, table = ''] = readDocument(path).split('## Which test proves what');
  const [heading, rule, ...rows] = (table.split(/^## /m)[0] ?? '').trim().split('\n');
  expect([heading, rule].join()).toMatch(/promise.*test.*---/);
  const unproven = rows.filter((row) => !/\| (`test\/[\w./-]+\.test\.ts`|none: )/.test(row));
  expect(unproven).toEqual([]);
});

test('the messages that troubleshooting.md lists are those of the program', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(readDocument).join('\n');
  const shown = readDocument('docs/troubleshooting.md')
    .split('\n')
    .map((line) => line.split(' |', 1)[0] ?? '')
    // The last message is that of Node.
    .filter((cell) => cell.startsWith('| ') && !cell.includes('`node: '))
    .flatMap((text) => inlineCode({ path: 'docs/troubleshooting.md', text }))
    .flatMap((code) => code.split(/ … | …$/));
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.filter((message) => !sources.includes(message))).toEqual([]);
});

test('npm scripts that are shown exist', () => {
  const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: object };
  const missing = documents().flatMap((document) => {
    const code = [...inlineCode(document), ...fencedBlocks(document).flatMap(({ lines }) => lines)];
    return code
      .flatMap((line) => [...line.matchAll(/\bnpm (?:run )?([\w:-]+)/g)])
      .map(([, name = '']) => name)
      .filter((name) => !['ci', 'link', 'install', 'audit'].includes(name) && !(name in scripts))
      .map((name) => `${document.path}: ${name}`);
  });
  expect(missing).toEqual([]);
});

test('the runbook has a section for each alert and no other, and each says what it means, how to see it, what to do and when it is over', () => {
  const rules = readDocument('deploy/prometheus/rules/alerts.yml');
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const [, ...sections] = readDocument('docs/runbook.md').split(/^## /m);
  expect(new Set(sections.map((section) => section.split('\n', 1)[0]))).toEqual(new Set(alerts));
  for (const section of sections) {
    expect(section).toMatch(/\*\*Means:\*\*.+\*\*See(:\*\*|\*\*).+\*\*Do:\*\*.+\*\*Over when\*\*/s);
  }
});
