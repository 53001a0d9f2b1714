import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { classifyError } from '../../src/errors/classify-error.ts';
import { Problem } from '../../src/errors/problem.ts';

const thrownBy = async (act: () => unknown): Promise<unknown> => {
  try {
    return await act();
  } catch (error) {
    return error;
  }
};

const named = (name: string, properties: object = {}) =>
  Object.assign(new Error('a text that may repeat a value'), { name, ...properties });

test.each<[string, () => unknown, string, string, RegExp]>([
  ['a file that is gone', () => readFile('/nonexistent'), 'ENOENT', 'wait', /^a file/],
  ['a directory in place of a file', () => readFile('/'), 'EISDIR', 'wait', /^a file/],
  [
    'a socket that is gone',
    () => named('Error', { code: 'ENOENT', syscall: 'connect' }),
    'ENOENT',
    'wait',
    /^the network/,
  ],
  ['JSON that is none', () => JSON.parse('{'), 'SyntaxError', 'retry', /JSON/],
  ['a URL that is none', () => new URL('none'), 'ERR_INVALID_URL', 'retry', /report/],
  [
    'a fault in the code',
    () => (undefined as unknown as string).length,
    'TypeError',
    'retry',
    /report/,
  ],
  ['a string that was thrown', () => Promise.reject('a text'), 'string', 'retry', /report/],
  [
    'Temporal out of reach',
    () => named('TransportError'),
    'TransportError',
    'wait',
    /TEMPORAL_ADDRESS/,
  ],
  [
    'an unknown namespace',
    () => named('NamespaceNotFoundError'),
    'NamespaceNotFoundError',
    'wait',
    /TEMPORAL_NAMESPACE/,
  ],
  [
    'a problem of ours',
    () => new Problem('what', 'it is off', 'Do it.'),
    'Problem',
    'wait',
    /^it is off$/,
  ],
  [
    'a gRPC status',
    () => named('ServiceError', { code: 16 }),
    'gRPC status 16',
    'wait',
    /Temporal/,
  ],
])(
  '%s: the text says what it is or where to report it',
  async (_what, act, code, action, advice) => {
    const error = await thrownBy(act);
    expect(classifyError(error)).toEqual({
      code,
      policy: { action, advice: expect.stringMatching(advice) },
    });
    expect(classifyError(error).policy.advice).not.toMatch(/unexpected|a text/);
  },
);
