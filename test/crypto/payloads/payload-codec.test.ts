import { createCipheriv, randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { partId, referenceTo } from '../../../src/batch/part.ts';
import { activeKey, type Keyring } from '../../../src/crypto/keys/keyring.ts';
import { jsonSealer } from '../../../src/crypto/payloads/part-sealer.ts';
import { payloadCodec, sealedPartsOf } from '../../../src/crypto/payloads/payload-codec.ts';
import * as convert from '../../../src/crypto/payloads/payload-converter.ts';
import { NAMED_ONLY, openPayloads } from '../../../src/crypto/payloads/readable-payloads.ts';
import { UnknownPayloadKey } from '../../../src/crypto/payloads/unknown-payload-key.ts';
import { clearSummary, clearValue } from '../../../src/domain/clear-text.ts';
import { partsOf } from '../../support/data/test-parts.ts';
import { testKeyring } from '../keys/test-keyring.ts';

const SECRET = '203.0.113.77';
const keyring = testKeyring('2026-11');
const codec = payloadCodec(keyring);

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueIn = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('latin1');

async function encoded(value: unknown, by = codec): Promise<Payload> {
  const [payload] = await by.encode([payloadOf(value)]);
  return payload as Payload;
}

async function decoded(payload: Payload, by = codec): Promise<unknown> {
  const [plain] = await by.decode([payload]);
  return valueIn(plain as Payload);
}

const VALUES: Record<string, unknown> = {
  null: null,
  'a number': 0,
  'an empty text': '',
  'a small object': { ip: SECRET },
  'a text that compresses': SECRET.repeat(10_000),
  'a column of a batch': Array.from({ length: 2_000 }, (_, n) => `${SECRET}/${n}`),
  'a text that does not compress': randomBytes(1_000_000).toString('latin1'),
};

test.each(Object.entries(VALUES))('%s comes back as it was', async (_what, value) => {
  expect(await decoded(await encoded(value))).toEqual(value);
});

test('bytes come back as bytes: the metadata of a payload is encrypted with it', async () => {
  const bytes = new Uint8Array([0, 1, 255]);
  expect(await decoded(await encoded(bytes))).toEqual(bytes);
  expect(text((await encoded(bytes)).metadata?.encoding)).toBe('binary/encrypted');
});

test('an encoded payload does not contain the value', async () => {
  for (const value of [SECRET, { [SECRET]: 1 }, SECRET.repeat(1_000)]) {
    const payload = await encoded(value);
    const all = [payload.data, ...Object.values(payload.metadata ?? {})].map(text).join();
    expect(all).not.toContain(SECRET);
  }
});

test('the same value is never encoded the same way twice', async () => {
  const [first, second] = [await encoded(SECRET), await encoded(SECRET)];
  expect(text(first.data)).not.toBe(text(second.data));
});

test('what repeats is compressed: bodies of a batch take a fraction of their size', async () => {
  const bodies = Array.from({ length: 2_000 }, (_, n) => ({ ip: SECRET, n }));
  const size = (await encoded(bodies)).data?.length ?? 0;
  expect(size).toBeLessThan(JSON.stringify(bodies).length / 3);
});

test('several keys decode, the active one encodes', async () => {
  const old = testKeyring('old');
  const both: Keyring = {
    activeId: 'new',
    keys: new Map([...testKeyring('new').keys, ...old.keys]),
  };
  const before = await encoded('before', payloadCodec(old));
  const rotated = payloadCodec(both);
  expect(await decoded(before, rotated)).toBe('before');
  const after = await encoded('after', rotated);
  expect(text(after.metadata?.['encryption-key-id'])).toBe('new');
  await expect(decoded(after, payloadCodec(old))).rejects.toThrow(UnknownPayloadKey);
});

test('a key that is not there is an error that names PAYLOAD_KEYS', async () => {
  const payload = await encoded(SECRET, payloadCodec(testKeyring('lost')));
  await expect(decoded(payload)).rejects.toThrow(/PAYLOAD_KEYS/);
});

test('two keys with one id are not taken for each other', async () => {
  const payload = await encoded(SECRET, payloadCodec(testKeyring('2026-11')));
  await expect(decoded(payload)).rejects.toThrow();
});

describe('a changed payload is refused', () => {
  const LARGE = SECRET.repeat(1_000);
  const changed = (payload: Payload, change: (copy: Buffer) => void): Payload => {
    const data = Buffer.from(payload.data ?? []);
    change(data);
    return { ...payload, data };
  };
  const withMetadata = (payload: Payload, name: string, value: string): Payload => ({
    ...payload,
    metadata: { ...payload.metadata, [name]: Buffer.from(value) },
  });
  const flip = (at: number) => (data: Buffer) => {
    const place = at < 0 ? data.length + at : at;
    data.writeUInt8(data.readUInt8(place) ^ 1, place);
  };

  test.each([
    ['the nonce', 0],
    ['the ciphertext', 20],
    ['the tag', -1],
  ])('a bit of %s', async (_what, at) => {
    for (const value of [SECRET, LARGE]) {
      await expect(decoded(changed(await encoded(value), flip(at)))).rejects.toThrow();
    }
  });

  test('data that is cut short, or gone', async () => {
    const payload = await encoded(SECRET);
    for (const length of [0, 1, 12, 20, 27, 28, (payload.data?.length ?? 0) - 1]) {
      const data = payload.data?.subarray(0, length) as Uint8Array;
      await expect(decoded({ ...payload, data })).rejects.toThrow();
    }
    await expect(decoded({ metadata: payload.metadata as never })).rejects.toThrow();
  });

  test('the key id, also where both ids are the same key', async () => {
    const { key } = activeKey(keyring);
    const aliased = payloadCodec({
      activeId: 'a',
      keys: new Map([
        ['a', key],
        ['b', key],
      ]),
    });
    const payload = await encoded(SECRET, aliased);
    await expect(
      decoded(withMetadata(payload, 'encryption-key-id', 'b'), aliased),
    ).rejects.toThrow();
  });

  test('the compression', async () => {
    await expect(
      decoded(withMetadata(await encoded(LARGE), 'compression', 'none')),
    ).rejects.toThrow();
    await expect(
      decoded(withMetadata(await encoded(SECRET), 'compression', 'zstd')),
    ).rejects.toThrow();
  });
});

test('a payload that was not encrypted passes as it is: tctl sends its input so', async () => {
  const payload = payloadOf({ maxMessages: 100 });
  expect(await codec.decode([payload])).toEqual([payload]);
});

test('only what is marked as counts is left readable', async () => {
  const { payload } = clearValue({ received: 5 });
  expect(await codec.encode([payload])).toEqual([payload]);
  const summary = payloadOf(clearSummary('lane 1: mask 5 messages'));
  expect(text((await codec.encode([summary]))[0]?.data)).toBe('"lane 1: mask 5 messages"');
  expect(text((await encoded('lane 1: mask 5 messages')).data)).not.toContain('lane');
});

test('many payloads keep their order', async () => {
  const values = Array.from({ length: 50 }, (_, n) => `value ${n}`);
  const payloads = await codec.encode(values.map(payloadOf));
  expect((await codec.decode(payloads)).map(valueIn)).toEqual(values);
});

test('a small payload that unpacks to more than 64 MiB is refused', async () => {
  const { id, key } = activeKey(keyring);
  const bomb = zstdCompressSync(Buffer.alloc(65 * 1024 * 1024));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const bound = ['', '', 'any workflow input'];
  cipher.setAAD(Buffer.from(JSON.stringify(['login-etl/payload/2', id, 'zstd', ...bound])));
  const data = Buffer.concat([nonce, cipher.update(bomb), cipher.final(), cipher.getAuthTag()]);
  const { metadata } = await encoded(SECRET.repeat(100));
  const forged = { metadata: metadata as Record<string, Uint8Array>, data };
  expect(data.length).toBeLessThan(100_000);
  await expect(codec.decode([forged])).rejects.toThrow(/larger than|Cannot create a Buffer/);
});

describe('an object with parts', () => {
  // As the codec binds what it encodes without a context.
  const owner = { namespace: '', workflowId: '' };
  const seal = partsOf(keyring, 'bodies', owner);
  const open = async (part: Uint8Array) =>
    JSON.parse((await jsonSealer(keyring).openJson(owner, part)).json);
  const { payloadConverter: converter } = convert;

  test('comes back as it was, and its parts open', async () => {
    const value = {
      count: 2,
      bodies: await seal([SECRET, 'b']),
      ids: await seal(['c']),
    };
    const [encodedPayload] = await codec.encode([converter.toPayload(value)]);
    const [decodedPayload] = await codec.decode([encodedPayload as Payload]);
    const back = converter.fromPayload<typeof value>(decodedPayload as Payload);
    expect(back.count).toBe(2);
    expect(await open(back.bodies)).toEqual([SECRET, 'b']);
    expect(await open(back.ids)).toEqual(['c']);
  });

  test('is JSON as a whole for people, in the Web UI: its parts are opened', async () => {
    const value = { count: 1, bodies: await seal([SECRET]) };
    const [payload] = await codec.encode([converter.toPayload(value)]);
    const [readable] = (await openPayloads(keyring, [payload as Payload])).payloads ?? [];
    expect(valueIn(readable as Payload)).toEqual({ count: 1, bodies: [SECRET] });
    expect(text(readable?.metadata?.encoding)).toBe('json/plain');
  });

  test('that are only named says so to people', async () => {
    const value = { count: 1, bodies: referenceTo(await seal([SECRET])) };
    const [payload] = await codec.encode([converter.toPayload(value)]);
    const [readable] = (await openPayloads(keyring, [payload as Payload])).payloads ?? [];
    expect(valueIn(readable as Payload)).toEqual({ count: 1, bodies: NAMED_ONLY });
  });

  test('has them found in what is encoded, without a key', async () => {
    const [ids, bodies] = [await seal(['a']), await seal([SECRET])];
    const [payload] = await codec.encode([converter.toPayload({ ids, count: 1, bodies })]);
    expect(sealedPartsOf(payload as Payload).map(partId)).toEqual([partId(ids), partId(bodies)]);
    expect(sealedPartsOf(await encoded(SECRET))).toEqual([]);
  });

  test('is encrypted as a whole: its plain values too', async () => {
    const value = { secret: SECRET, bodies: await seal([SECRET]) };
    const [payload] = await codec.encode([converter.toPayload(value)]);
    expect(text(payload?.data)).not.toContain(SECRET);
    expect(text(payload?.metadata?.encoding)).toBe('binary/encrypted');
  });

  test('that holds bytes which are not sealed is not let out', async () => {
    for (const bytes of [Buffer.from(SECRET), Buffer.from(`LEPR${SECRET} and more`)]) {
      const payload = converter.toPayload({ bodies: bytes });
      await expect(codec.encode([payload])).rejects.toThrow('not sealed');
    }
  });

  test('whose part was cut, changed or made with another key does not open', async () => {
    const sealed = await seal([SECRET]);
    for (const at of [0, 4, 5, 6, 20, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(open(changed), `byte ${at}`).rejects.toThrow();
    }
    await expect(open(sealed.subarray(0, 30))).rejects.toThrow();
    const other = partsOf(testKeyring('other'), 'bodies', owner);
    await expect(open(await other([SECRET]))).rejects.toThrow(UnknownPayloadKey);
  });

  test('that was cut short is refused', async () => {
    const value = { bodies: await seal([SECRET]) };
    const [payload] = await codec.encode([converter.toPayload(value)]);
    const data = payload?.data?.subarray(0, -1) as Uint8Array;
    await expect(codec.decode([{ ...payload, data } as Payload])).rejects.toThrow(RangeError);
  });

  test('are decompressed within one budget for all that was asked for at once', async () => {
    const budget = { bytes: 3_000 };
    const [one, other] = [await encoded('x'.repeat(2_000)), await encoded('y'.repeat(2_000))];
    const bounded = payloadCodec(keyring, { budget });
    expect(await decoded(one, bounded)).toBe('x'.repeat(2_000));
    await expect(decoded(other, bounded)).rejects.toThrow(/larger than|Cannot create a Buffer/);
    // As one request of the codec server has it.
    const large = { bodies: await seal('x'.repeat(33 * 1024 * 1024)) };
    const [payload] = (await codec.encode([converter.toPayload(large)])) as [Payload];
    expect((await openPayloads(keyring, [payload])).payloads).toHaveLength(1);
    const { payloads } = await openPayloads(
      keyring,
      Array.from({ length: 40 }, () => payload),
    );
    expect(payloads).toBeUndefined();
  }, 30_000);
});
