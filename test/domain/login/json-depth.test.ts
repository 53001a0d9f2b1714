import { expect, test } from 'vitest';
import { MAX_JSON_DEPTH, nestsTooDeep } from '../../../src/domain/login/json-depth.ts';

const nested = (depth: number) => `${'['.repeat(depth)}${' '.repeat(100)}${']'.repeat(depth)}`;

test('the maximum depth is accepted, and one more is refused', () => {
  expect(nestsTooDeep(nested(MAX_JSON_DEPTH))).toBe(false);
  expect(nestsTooDeep(nested(MAX_JSON_DEPTH + 1))).toBe(true);
});

test('objects and arrays count alike', () => {
  expect(nestsTooDeep('{"a":['.repeat(MAX_JSON_DEPTH / 2 + 1))).toBe(true);
});

test('siblings do not count as nesting', () => {
  expect(nestsTooDeep('[],'.repeat(1_000))).toBe(false);
});

test('brackets in strings do not count, also behind escaped quotes', () => {
  const brackets = '['.repeat(1_000);
  expect(nestsTooDeep(JSON.stringify({ a: brackets }))).toBe(false);
  expect(nestsTooDeep(JSON.stringify({ a: `"\\"${brackets}` }))).toBe(false);
  expect(nestsTooDeep(`{"a":"\\\\"${brackets}`)).toBe(true);
});

test('a hundred thousand open brackets do not overflow the stack', () => {
  expect(nestsTooDeep('['.repeat(100_000))).toBe(true);
});
