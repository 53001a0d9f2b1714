import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openapiDocument } from '../../scripts/make-openapi.ts';

type Schema = { $ref?: string; properties?: object; [key: string]: unknown };

test('docs/openapi.json describes the routes', async () => {
  const present = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  expect(present, 'run `npm run openapi`').toBe(await openapiDocument());
});

test('every route has a summary, its scope and its problems, and every reference leads somewhere', async () => {
  const text = await openapiDocument();
  const document = JSON.parse(text);
  expect(document.openapi).toBe('3.1.0');
  for (const [path, methods] of Object.entries<Record<string, Schema>>(document.paths)) {
    for (const operation of Object.values(methods)) {
      expect(operation.summary, path).toBeTruthy();
      expect(operation.security, path).toEqual([{ token: [expect.stringMatching(/^logins:/)] }]);
      expect(Object.keys(operation.responses as object), path).toEqual(
        expect.arrayContaining(['400', '401', '403', '429', '503']),
      );
    }
  }
  for (const [, ref = ''] of text.matchAll(/"\$ref": "#\/([^"]+)"/g)) {
    const found = ref
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
    expect(found, ref).toBeDefined();
  }
});
