import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

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

test('the image is built on the Node that the tests run on, by its exact version', () => {
  const bases = instructions.filter((line) => /^FROM \S+:/.test(line));
  expect(bases).toEqual([`FROM node:${manifest.devDependencies.node}-bookworm-slim AS base`]);
});

test('the image runs as a user without privileges, and says whether the worker is ready', () => {
  expect(instructions.findLast((line) => line.startsWith('USER '))).toBe('USER 1000:1000');
  expect(instructions.find((line) => line.startsWith('HEALTHCHECK '))).toContain('/readyz');
});

test('nothing reaches the image unless .dockerignore admits it', () => {
  const [first, ...admitted] = readFileSync(new URL('../../.dockerignore', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(first).toBe('*');
  expect(admitted.filter((line) => !line.startsWith('!'))).toEqual(['src/local']);
});
