import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { maskersById } from '../../src/crypto/keys/masker.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { fencedBlocks, readDocument } from '../docs/documents.ts';
import { storeLogins } from '../postgres/login-rows.ts';
import { type StartedApi, startedApi, TOKEN } from './started-api.ts';

const keys = testKeyring('new');
const masker = maskersById(keys).get('new');
const DEVICE = masker?.mask('device_id', 'the-device') as string;
const ADDRESS = masker?.mask('ip', '199.172.111.135') as string;

/** Each example of docs/api.md: a line with curl, and those that it continues on. */
const examples = fencedBlocks({ path: 'docs/api.md', text: readDocument('docs/api.md') })
  .flatMap(({ lines }) => lines.join('\n').replaceAll('\\\n', '').split('\n'))
  .filter((line) => line.includes('curl'));

let api: StartedApi;

beforeAll(async () => {
  api = await startedApi({ masking: { mode: 'hmac-sha256', keys } });
  await storeLogins(api.database.pool, [
    { userId: '4711', maskedDeviceId: DEVICE, maskedIp: ADDRESS, maskKeyId: 'new' },
  ]);
});
afterAll(() => api?.stop());

test('every route has an example', async () => {
  const { paths } = (await (await api.get('/openapi.json')).json()) as { paths: object };
  const text = examples
    .join('\n')
    .replaceAll('$DEVICE', '{masked}')
    .replaceAll('$ADDRESS', '{masked}');
  for (const path of Object.keys(paths)) {
    expect(
      path === '/v1/exports/{id}' ? text.includes('$API$EXPORT') : text.includes(path),
      path,
    ).toBe(true);
  }
});

test('every example is answered as the document says', { timeout: 120_000 }, async () => {
  const script = examples
    .map((line) => `${line.replaceAll('curl -s', 'curl -s --fail-with-body')}; echo "=$?"`)
    .join('\n');
  const env = { PATH: process.env.PATH, API: api.url, TOKEN, DEVICE, ADDRESS };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
  const answers = stdout.split(/=(\d+)\n/);
  const codes = answers.filter((_, index) => index % 2 === 1);
  expect(codes, stdout).toEqual(examples.map(() => '0'));
  expect(stdout).toContain('"user_id":"4711"');
  expect(stdout).toContain('4711,android');
});
