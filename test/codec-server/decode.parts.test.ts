import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Payload } from '@temporalio/common';
import { expect, onTestFinished, test } from 'vitest';
import { toPartsPayload } from '../../src/batch/parts-payload.ts';
import { partSealer } from '../../src/crypto/payloads/part-sealer.ts';
import { payloadCodec } from '../../src/crypto/payloads/payload-codec.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { startTcpProxy, type TcpProxy } from '../faults/support/tcp-proxy.ts';
import { BATCH } from '../support/data/test-parts.ts';
import { waitingSessions } from '../support/servers/waiting-sessions.ts';
import {
  bearer,
  plain,
  type StartedCodecServer,
  startedCodecServer,
  TOKEN,
  UI_ORIGIN,
  valuesOf,
} from './started-codec-server.ts';

const MARK = 'k7-secret-value';
/** Any open transaction that has written the audit log keeps the next writer waiting. */
const HOLD_AUDIT_LOG = "insert into audit_log (action, reason) values ('test', 'holds the lock')";

test('decodes with the token, on either path, with and without the scheme', async () => {
  const server = await startedCodecServer();
  const sealed = await server.seal({ mark: MARK });
  for (const path of ['/decode', '/logins/decode']) {
    const response = await server.decode([sealed, plain(1)], bearer(), path);
    expect(response.status).toBe(200);
    expect(await valuesOf(response)).toEqual([{ mark: MARK }, 1]);
  }
  expect((await server.decode([sealed], { authorization: TOKEN })).status).toBe(200);
});

test.each([
  ['no token', {}],
  ['another token', bearer(`${TOKEN.slice(0, -1)}x`)],
  ['part of the token', bearer(TOKEN.slice(0, -1))],
  ['another scheme', { authorization: `Basic ${TOKEN}` }],
  ['the token as a cookie', { cookie: `login_etl_codec=${TOKEN}`, origin: UI_ORIGIN }],
])('decodes nothing with %s', async (_what, headers) => {
  const server = await startedCodecServer();
  const response = await server.decode([await server.seal(MARK)], headers);
  expect(response.status).toBe(401);
  expect(await response.text()).not.toContain('payloads');
  expect(await server.records()).toEqual([]);
});

test('a decode is on record before it is shown: who, what, how much, with which keys', async () => {
  const server = await startedCodecServer();
  const payloads = [await server.seal(MARK), await server.seal(2), plain('clear')];
  await server.decode(payloads, {
    ...bearer(),
    origin: UI_ORIGIN,
    referer: `${UI_ORIGIN}/namespaces/logins/workflows/ingest%2F1/0198-run/history`,
    'x-namespace': 'logins',
    'x-reason': 'ticket 12',
  });
  const hashes = payloads.slice(0, 2).map(({ data }) =>
    createHash('sha256')
      .update(data as Uint8Array)
      .digest('hex'),
  );
  expect(await server.records()).toEqual([
    {
      action: 'decode',
      reason: 'ticket 12',
      detail: {
        caller: 'on-call',
        authenticated_by: 'token',
        said_by_caller: { namespace: 'logins', workflowId: 'ingest/1', runId: '0198-run' },
        requests: 1,
        payloads: 2,
        ciphertexts: 2,
        payload_key_ids: ['new'],
        ciphertext_sha256: createHash('sha256').update(hashes.sort().join('\n')).digest('hex'),
      },
    },
  ]);
});

test('nothing is shown until its record is written', async () => {
  const server = await startedCodecServer();
  const blocker = await server.database.pool.connect();
  await blocker.query(`begin; ${HOLD_AUDIT_LOG}`);
  let answered = false;
  const asked = server.decode([await server.seal(MARK)]).then((response) => {
    answered = true;
    return response;
  });
  await expect.poll(() => waitingSessions(server.database.pool)).toBe(1);
  await sleep(100);
  expect(answered).toBe(false);
  await blocker.query('commit');
  blocker.release();
  expect(await valuesOf(await asked)).toEqual([MARK]);
});

test('nothing is decoded if the audit record is refused', async () => {
  const server = await startedCodecServer({}, { ownDatabase: true });
  await server.database.pool.query('alter table audit_log add constraint full_now check (id < 0)');
  const response = await server.decode([await server.seal(MARK)]);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ error: expect.stringContaining('nothing is decoded') });
});

test('says 503 within 6 s while another session holds the audit log, and logs which one', async () => {
  const server = await startedCodecServer();
  const blocker = await server.database.pool.connect();
  await blocker.query(`begin; ${HOLD_AUDIT_LOG}`);
  const { rows } = await blocker.query<{ pid: number }>('select pg_backend_pid() as pid');
  const asked = performance.now();
  const response = await server.decode([await server.seal(MARK)]);
  expect(response.status).toBe(503);
  expect(performance.now() - asked).toBeLessThan(6_000);
  expect(server.log()).toContain(`session ${rows[0]?.pid} `);
  await blocker.query('rollback');
  blocker.release();
  expect(await valuesOf(await server.decode([await server.seal(MARK)]))).toEqual([MARK]);
});

test('says 503 within 6 s when Postgres stops answering', async () => {
  const proxy = Promise.withResolvers<TcpProxy>();
  const server = await startedCodecServer(
    {},
    {
      throughProxy: async (postgres) => {
        proxy.resolve(await startTcpProxy(postgres));
        return proxy.promise;
      },
    },
  );
  onTestFinished(async () => (await proxy.promise).stop());
  expect((await server.decode([await server.seal(MARK)])).status).toBe(200);
  (await proxy.promise).setFault(() => false);
  const asked = performance.now();
  const response = await server.decode([await server.seal(MARK)]);
  expect(response.status).toBe(503);
  expect(performance.now() - asked).toBeLessThan(6_000);
});

test('the requests of one page share a record; what is not encrypted needs none', async () => {
  const server = await startedCodecServer();
  const sealed = await server.seal(MARK);
  await Promise.all(Array.from({ length: 8 }, () => server.decode([sealed])));
  await server.decode([plain('clear')]);
  const records = await server.records();
  // On a busy machine some arrive after the others' record is written.
  expect(records.length).toBeLessThan(8);
  for (const counted of ['requests', 'payloads']) {
    const sum = records.reduce((total, { detail }) => total + Number(detail[counted]), 0);
    expect(sum, counted).toBe(8);
  }
});

test('a payload of a key that is not here, or that was changed, is refused and on record', async () => {
  const server = await startedCodecServer();
  const foreign = await server.seal(MARK, testKeyring('elsewhere'));
  const changed = await server.seal(MARK);
  (changed.data as Uint8Array)[20] = ((changed.data as Uint8Array)[20] as number) ^ 1;
  for (const payload of [foreign, changed]) {
    expect((await server.decode([payload])).status).toBe(422);
  }
  expect((await server.records()).map(({ detail }) => detail.payload_key_ids)).toEqual([
    ['elsewhere'],
    ['new'],
  ]);
});

/** Payloads that a caller may change to get something opened off the record. */
const FORGERIES: Record<string, (server: StartedCodecServer) => Promise<Payload>> = {
  'has a byte-order mark before its encoding': sealedAs('\u{feff}binary/encrypted'),
  'has a NUL after its encoding': sealedAs('binary/encrypted\0'),
  'has a space after its encoding': sealedAs('binary/encrypted '),
  'has its encoding in capitals': sealedAs('Binary/Encrypted'),
  'has a byte-order mark before its form': async (server) => {
    const payload = await sealed(server, { part: await part(server) });
    return { ...payload, metadata: { ...payload.metadata, form: Buffer.from('\u{feff}parts') } };
  },
  'has sealed parts and is not encrypted': async (server) =>
    toPartsPayload({ part: await part(server) }) as Payload,
  'has sealed parts and a byte-order mark before its encoding': async (server) => ({
    ...(toPartsPayload({ part: await part(server) }) as Payload),
    metadata: { encoding: Buffer.from('\u{feff}binary/parts') },
  }),
  'has sealed parts within': async (server) => sealed(server, { part: await part(server) }),
  'is encrypted twice': async (server) => {
    const [twice] = await payloadCodec(server.keys).encode([await server.seal(MARK)]);
    return twice as Payload;
  },
};

function sealedAs(encoding: string) {
  return async (server: StartedCodecServer) => {
    const payload = await server.seal(MARK);
    return { ...payload, metadata: { ...payload.metadata, encoding: Buffer.from(encoding) } };
  };
}

const part = ({ keys }: StartedCodecServer) =>
  partSealer(keys, { namespace: '', workflowId: '' })({ kind: 'bodies', batch: BATCH }, MARK);

async function sealed({ keys }: StartedCodecServer, value: object): Promise<Payload> {
  const [payload] = await payloadCodec(keys).encode([toPartsPayload(value) as Payload]);
  return payload as Payload;
}

test.each(Object.keys(FORGERIES))(
  'nothing is opened off the record when a payload %s',
  async (kind) => {
    const server = await startedCodecServer();
    const payload = await (FORGERIES[kind] as (typeof FORGERIES)[string])(server);
    const body = await (await server.decode([payload])).text();
    const shown = body
      .match(/(?<="data":")[^"]*/g)
      ?.some((data) => Buffer.from(data, 'base64').toString().includes(MARK));
    const records = await server.records();
    if (shown)
      expect(records).toMatchObject([{ detail: { payloads: 1, payload_key_ids: ['new'] } }]);
  },
);

test('each part of a batch that is opened is on record', async () => {
  const server = await startedCodecServer();
  const parts = { one: await part(server), two: await part(server) };
  expect(await valuesOf(await server.decode([toPartsPayload(parts) as Payload]))).toEqual([
    { one: MARK, two: MARK },
  ]);
  await server.decode([await sealed(server, parts)], { ...bearer(), 'x-reason': 'head and parts' });
  expect((await server.records()).map(({ detail }) => detail.ciphertexts)).toEqual([2, 3]);
});

test('a made-up key id does not get into the record', async () => {
  const server = await startedCodecServer();
  const payload = await server.seal(MARK);
  const metadata = { ...payload.metadata, 'encryption-key-id': Buffer.from('\u{1b}[2J') };
  expect((await server.decode([{ ...payload, metadata }])).status).toBe(422);
  expect(await server.records()).toMatchObject([
    { detail: { payload_key_ids: ['(not a key id)'] } },
  ]);
});

test.each([
  ['not JSON', '{"payloads": [', 400],
  ['not payloads', '{"payload": []}', 400],
  ['not base64', `{"payloads": [{"data": "${MARK}"}]}`, 400],
  ['more payloads than any event has', JSON.stringify({ payloads: Array(1_001).fill({}) }), 400],
  ['more than 8 MiB', ' '.repeat(8 * 1024 * 1024 + 1), 413],
])('a body that is %s is refused', async (_what, body, status) => {
  const server = await startedCodecServer();
  const response = await fetch(`${server.url}/decode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer() },
    body,
  });
  expect(response.status).toBe(status);
  expect(await response.text()).not.toContain(MARK);
});

test('requests of a caller and failures of an address are limited per minute', async () => {
  const server = await startedCodecServer({ requestsPerMinute: 3 });
  const asked = async (headers?: Record<string, string>) =>
    (await server.decode([], headers)).status;
  expect([await asked(), await asked(), await asked(), await asked()]).toEqual([
    200, 200, 200, 429,
  ]);
  const failures = await Promise.all(Array.from({ length: 62 }, () => asked(bearer('x'))));
  expect(new Set(failures)).toEqual(new Set([401, 429]));
});

test('encodes only if encoding is enabled', async () => {
  const encode = (url: string, headers = bearer()) =>
    fetch(`${url}/encode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ payloads: [{ data: Buffer.from(MARK).toString('base64') }] }),
    });
  expect((await encode((await startedCodecServer()).url)).status).toBe(404);
  const { url } = await startedCodecServer({}, { allowEncode: true });
  expect((await encode(url, bearer('x'))).status).toBe(401);
  const { payloads } = (await (await encode(url)).json()) as {
    payloads: { metadata: { encoding: string } }[];
  };
  expect(payloads[0]?.metadata.encoding).toBe(Buffer.from('binary/encrypted').toString('base64'));
});

test('logs no tokens, no payloads and no raw paths', async () => {
  const server = await startedCodecServer();
  const sealed = await server.seal(MARK);
  await server.decode([sealed]);
  await server.decode([sealed], bearer(`wrong-${MARK}`));
  await fetch(`${server.url}/${MARK}?token=${TOKEN}`);
  const log = server.log();
  expect(log.split('\n').length).toBeGreaterThan(3);
  for (const secret of [TOKEN, MARK, Buffer.from(sealed.data as Uint8Array).toString('base64')]) {
    expect(log).not.toContain(secret);
  }
});

test('answers cannot be cached, framed or sniffed', async () => {
  const server = await startedCodecServer();
  const { headers } = await server.decode([]);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('finishes open requests when it is stopped', async () => {
  const server = await startedCodecServer();
  const asked = server.decode([await server.seal(MARK)]);
  await sleep(50);
  await server.stop();
  expect(await valuesOf(await asked)).toEqual([MARK]);
  await expect(server.decode([])).rejects.toThrow();
});

test('requests that decompress much at once share a budget: each gets an answer, or 503 with Retry-After', async () => {
  const server = await startedCodecServer();
  const large = await server.seal('x'.repeat(3_900_000));
  const ask = () => server.decode(Array.from({ length: 15 }, () => large));
  await ask();
  const before = process.memoryUsage().rss;
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const responses = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const { status, headers, body } = await ask();
      await body?.cancel();
      return { status, retryAfter: headers.get('retry-after') };
    }),
  );
  clearInterval(sampling);
  // Without the budget it is 1,000 MB, with it 400.
  expect(most - before).toBeLessThan(700_000_000);
  for (const { status, retryAfter } of responses) {
    expect(status === 200 || retryAfter === '2', `${status}`).toBe(true);
  }
  expect((await server.decode([await server.seal(MARK)])).status).toBe(200);
}, 60_000);
