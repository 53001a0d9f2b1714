import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { commandLineDocs } from '../../scripts/make-command-line-docs.ts';

test('docs/command-line.md is generated from the commands', async () => {
  const present = await readFile(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
  expect(present, 'run `node scripts/make-command-line-docs.ts`').toBe(commandLineDocs());
});
