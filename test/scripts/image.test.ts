import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const DOCKERFILE = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');

/** Instructions on one line each, without comments. */
const instructions = DOCKERFILE.replace(/^\s*#.*\n/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n');

test('every installation in the image runs no install scripts and leaves out development packages', () => {
  const installations = instructions.filter((line) => /(^|\s)(npm|npx|yarn|pnpm)\s/.test(line));
  expect(installations.length).toBeGreaterThan(0);
  for (const line of installations) {
    expect(line).toMatch(/npm ci /);
    expect(line).toContain(' --ignore-scripts');
    expect(line).toContain(' --omit=dev');
    expect(line).not.toMatch(/\snpm (?!ci )/);
  }
});
