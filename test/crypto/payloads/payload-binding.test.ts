import type { Payload, SerializationContext } from '@temporalio/common';
import { expect, test } from 'vitest';
import { referenceTo } from '../../../src/batch/part.ts';
import { chunks, concatenated } from '../../../src/batch/parts-payload.ts';
import { payloadCipher } from '../../../src/crypto/payloads/payload-cipher.ts';
import { payloadCodec } from '../../../src/crypto/payloads/payload-codec.ts';
import { payloadConverter } from '../../../src/crypto/payloads/payload-converter.ts';
import { clearValue } from '../../../src/domain/clear-text.ts';
import { originOf, refusalReason } from '../../../src/domain/payload-origin.ts';
import { partsOf } from '../../support/data/test-parts.ts';
import { testKeyring } from '../keys/test-keyring.ts';

const keyring = testKeyring('2026-11');
const codec = payloadCodec(keyring);

const workflow = (workflowId = 'ingest-1', namespace = 'default'): SerializationContext => ({
  type: 'workflow',
  namespace,
  workflowId,
});
const activity = (activityId = '7', workflowId = 'ingest-1'): SerializationContext => ({
  type: 'activity',
  namespace: 'default',
  workflowId,
  activityId,
  isLocal: false,
});

type Place = { context: SerializationContext; sandbox?: boolean };

/** Does it as the workflow sandbox would. */
function at<T>({ sandbox = false }: Place, act: () => T): T {
  if (!sandbox) return act();
  Object.assign(globalThis, { __TEMPORAL_ACTIVATOR__: {} });
  try {
    return act();
  } finally {
    Reflect.deleteProperty(globalThis, '__TEMPORAL_ACTIVATOR__');
  }
}

async function send(value: unknown, from: Place): Promise<Payload> {
  const payload = at(from, () => payloadConverter.toPayload(value, from.context));
  return (await codec.encode([payload], from.context))[0] as Payload;
}

async function receive(payload: Payload, to: Place): Promise<unknown> {
  const [decoded] = await codec.decode([payload], to.context);
  return at(to, () => payloadConverter.fromPayload(decoded as Payload, to.context));
}

const ARGUMENT: [Place, Place] = [{ context: activity(), sandbox: true }, { context: activity() }];
const RESULT: [Place, Place] = [{ context: activity() }, { context: activity(), sandbox: true }];
const INPUT: [Place, Place] = [{ context: workflow() }, { context: workflow(), sandbox: true }];

test.each([
  ['an argument', ARGUMENT],
  ['a result', RESULT],
  ['an input', INPUT],
])('%s is accepted where it was sealed for', async (_what, [from, to]) => {
  const value = await receive(await send({ count: 1 }, from), to);
  expect(value).toEqual({ count: 1 });
  expect(originOf(value)).toBeUndefined();
});

test.each<[string, Place, Place]>([
  ['an argument of another activity', ARGUMENT[0], { context: activity('8') }],
  ['an argument in another workflow', ARGUMENT[0], { context: activity('7', 'other') }],
  ['an argument as its own result', ARGUMENT[0], RESULT[1]],
  ['a result as an argument', RESULT[0], ARGUMENT[1]],
  ['a result of another activity', RESULT[0], { context: activity('8'), sandbox: true }],
  ['a result as an input', RESULT[0], INPUT[1]],
  ['an input as an argument', INPUT[0], ARGUMENT[1]],
  ['an input of another workflow', INPUT[0], { context: workflow('other'), sandbox: true }],
  [
    'an input of another namespace',
    INPUT[0],
    { context: workflow('ingest-1', 'b'), sandbox: true },
  ],
])('%s is refused', async (_what, from, to) => {
  // A heartbeat comes back to the activity in this way, so that one is marked in place of refused.
  const origin = from === RESULT[0] && to === ARGUMENT[1] ? 'result' : 'refused';
  for (const value of [{ count: 1 }, { bodies: await partsOf(keyring)(['a']) }]) {
    expect(originOf(await receive(await send(value, from), to))).toBe(origin);
  }
});

test.each<[string, Payload]>([
  ['plain JSON', payloadConverter.toPayload({ rows: 1 })],
  ['plain parts', payloadConverter.toPayload({ bodies: new Uint8Array([1]) })],
  ['marked as clear', clearValue({ rows: 1 }).payload],
])(
  'a payload that nobody sealed is no argument and no result, even when it is %s',
  async (_what, payload) => {
    for (const [, to] of [ARGUMENT, RESULT]) {
      const value = await receive(payload, to);
      expect([originOf(value), refusalReason(value)]).toEqual(['refused', 'it is not encrypted']);
      expect(value).toEqual({});
    }
    if (payload.metadata?.encoding?.length !== 'binary/parts'.length) {
      expect(originOf(await receive(payload, INPUT[1]))).toBe('plain');
    }
  },
);

test('our metadata on a payload from outside has no effect', async () => {
  const payload = payloadConverter.toPayload({ rows: 1 });
  for (const origin of ['own', 'argument', 'result', 'unbound']) {
    const metadata = { ...payload.metadata, 'login-etl-origin': Buffer.from(origin) };
    expect(originOf(await receive({ ...payload, metadata }, INPUT[1]))).toBe('plain');
    expect(originOf(await receive({ ...payload, metadata }, ARGUMENT[1]))).toBe('refused');
  }
});

test('metadata that names another place does not open', async () => {
  const sealed = await send({ count: 1 }, ARGUMENT[0]);
  const metadata = { ...sealed.metadata, 'bound-to-workflow': Buffer.from('other') };
  const value = await receive({ ...sealed, metadata }, { context: activity('7', 'other') });
  expect(refusalReason(value)).toBe('it does not open');
  const { 'bound-to-place': _place, ...unbound } = sealed.metadata as Record<string, Uint8Array>;
  expect(originOf(await receive({ ...sealed, metadata: unbound }, ARGUMENT[1]))).toBe('refused');
});

test('a part of a sealed payload cannot be replaced', async () => {
  const seal = partsOf(keyring);
  const [one, other] = [await seal(['a']), await seal(['b'])];
  for (const [part, put] of [
    [one, other],
    [referenceTo(one), referenceTo(other)],
  ] as const) {
    const sealed = await send({ bodies: part }, ARGUMENT[0]);
    const [head] = chunks(sealed.data as Uint8Array);
    const data = concatenated([head as Uint8Array, put]);
    expect(originOf(await receive({ ...sealed, data }, ARGUMENT[1]))).toBe('refused');
  }
});

test("a schedule's input is accepted by the runs that it starts, and is worth as much as a plain one", async () => {
  const sealed = await send({ lanes: 2 }, { context: workflow('ingest-logins') });
  const scheduled = workflow('ingest-logins-2026-11-27T02:40:00Z');
  const value = await receive(sealed, { context: scheduled, sandbox: true });
  expect([value, originOf(value)]).toEqual([{ lanes: 2 }, 'plain']);
  for (const id of ['ingest-logins-x', 'ingest-logins2026-11-27T02:40:00Z', 'other']) {
    const other = await receive(sealed, { context: workflow(id), sandbox: true });
    expect(originOf(other)).toBe('refused');
  }
});

test('what a build before 0.4 sealed is told from what this one seals', async () => {
  const cipher = payloadCipher(keyring, 'login-etl/payload/1');
  const { data, keyId } = await cipher.encrypt(
    Buffer.from('\x0a\x16\x0a\x08encoding\x12\x0ajson/plain\x12\x02{}', 'latin1'),
  );
  const metadata = {
    encoding: Buffer.from('binary/encrypted'),
    'encryption-key-id': Buffer.from(keyId),
    compression: Buffer.from('none'),
  };
  for (const to of [ARGUMENT[1], INPUT[1]]) {
    expect(originOf(await receive({ metadata, data }, to))).toBe('unbound');
  }
});
