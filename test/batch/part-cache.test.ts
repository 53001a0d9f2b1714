import { expect, test, vi } from 'vitest';
import { toFailure } from '../../src/activities/to-failure.ts';
import { isBound, partId, referenceTo } from '../../src/batch/part.ts';
import { type FindPart, partCache } from '../../src/batch/part-cache.ts';
import { jsonSealer } from '../../src/crypto/payloads/part-sealer.ts';
import { payloadCipher } from '../../src/crypto/payloads/payload-cipher.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { BATCH, inActivity, OWNER, partsOf } from '../support/data/test-parts.ts';

const keyring = testKeyring('2026-11');
const sealer = jsonSealer(keyring);
const elsewhere = partsOf(keyring);
const BODIES = { kind: 'bodies', batch: BATCH } as const;
const OTHER_WORKFLOW = { ...OWNER, workflowId: 'ingest-2' };

/** A history that holds these parts, and what was asked of it. */
function history(...parts: Uint8Array[]) {
  const asked: string[] = [];
  const find: FindPart = async ({ workflowId }, id) => {
    asked.push(`${workflowId}: ${id}`);
    return parts.find((part) => partId(part) === id);
  };
  return { asked, find };
}

/** A part as builds before 0.4 laid it out. */
async function unboundPart(value: unknown): Promise<Uint8Array> {
  const { keyId, data } = await payloadCipher(keyring, 'login-etl/part/1').encrypt(
    Buffer.from(JSON.stringify(value)),
  );
  const id = Buffer.from(keyId);
  return Buffer.concat([Buffer.from('LEP1'), Buffer.from([0, id.length]), id, data]);
}

test('a part that this process sealed is opened from the cache, without a read of the history', () =>
  inActivity(async () => {
    const { asked, find } = history();
    const parts = partCache(sealer, find);
    const part = await parts.seal(BODIES, ['203.0.113.77', 'é']);
    const opened = { value: ['203.0.113.77', 'é'], batch: BATCH };
    expect(await parts.open('bodies', referenceTo(part))).toEqual(opened);
    expect(await parts.open('bodies', part)).toEqual(opened);
    expect(asked).toEqual([]);
  }));

test('what another process sealed is read from the history of the run', () =>
  inActivity(async () => {
    const part = await elsewhere(['a']);
    const { asked, find } = history(await elsewhere(['b']), part);
    const parts = partCache(sealer, find);
    expect(await parts.open('bodies', referenceTo(part))).toEqual({ value: ['a'], batch: BATCH });
    // And once: a step that fails is tried again.
    expect(await parts.open('bodies', referenceTo(part))).toEqual({ value: ['a'], batch: BATCH });
    expect(asked).toEqual([`ingest-1: ${partId(part)}`]);
  }));

test('a part that came whole is opened, no matter which worker sealed it', () =>
  inActivity(async () => {
    const { asked, find } = history();
    const opened = await partCache(sealer, find).open('bodies', await elsewhere(['a']));
    expect(opened.value).toEqual(['a']);
    expect(asked).toEqual([]);
  }));

test('a part of another workflow, another namespace or another kind is refused', async () => {
  const parts = partCache(sealer, history().find);
  const refuses = (part: Uint8Array) =>
    expect(inActivity(() => parts.open('receiptHandles', part))).rejects.toThrow();
  await refuses(await partsOf(keyring, 'receiptHandles', OTHER_WORKFLOW)(['h']));
  await refuses(
    await partsOf(keyring, 'receiptHandles', { ...OWNER, namespace: 'another' })(['h']),
  );
  await refuses(await partsOf(keyring, 'ids')(['h']));
  const handles = partsOf(keyring, 'receiptHandles');
  expect(
    await inActivity(async () => parts.open('receiptHandles', await handles(['h']))),
  ).toMatchObject({ value: ['h'] });
});

test('a cached part is not found by another workflow, nor in place of another kind', async () => {
  const parts = partCache(sealer, history().find);
  const part = await inActivity(() => parts.seal(BODIES, ['203.0.113.77']));
  for (const bytes of [part, referenceTo(part)]) {
    await expect(inActivity(() => parts.open('bodies', bytes), OTHER_WORKFLOW)).rejects.toThrow(
      'another workflow',
    );
    await expect(inActivity(() => parts.open('ids', bytes))).rejects.toThrow('another kind');
  }
});

test('a copied nonce finds no cached part', async () => {
  const parts = partCache(sealer, history().find);
  const part = await inActivity(() => parts.seal(BODIES, ['203.0.113.77']));
  const forged = Buffer.from(part);
  forged.fill(0, forged.length - 16);
  for (const bytes of [forged, referenceTo(forged as Uint8Array)]) {
    await expect(inActivity(() => parts.open('bodies', bytes))).rejects.toThrow();
  }
});

test('a part of an earlier build is opened for steps that were scheduled in time, and for no others', async () => {
  const part = await unboundPart(['a']);
  expect(isBound(part)).toBe(false);
  const open = (unboundUntilMs: number) =>
    inActivity(() => partCache(sealer, history().find, { unboundUntilMs }).open('bodies', part));
  expect(await open(Number.MAX_SAFE_INTEGER)).toEqual({ value: ['a'], batch: undefined });
  await expect(open(0)).rejects.toThrow('earlier build');
});

test('a part that the history does not have fails with its name, and is not retried forever', async () => {
  const part = await elsewhere(['a']);
  const opening = inActivity(() =>
    partCache(sealer, history().find).open('bodies', referenceTo(part)),
  );
  const failure = toFailure('maskBatch', await opening.catch((reason: unknown) => reason));
  expect(failure).toMatchObject({ type: 'PartNotInHistory', nonRetryable: true });
  expect(failure.message).toContain('start another run');
});

test('a released part leaves the cache, and is read from the history again', () =>
  inActivity(async () => {
    let part: Uint8Array = new Uint8Array(0);
    const { asked, find } = history();
    const parts = partCache(sealer, async (...ask) => (await find(...ask)) ?? part);
    part = await parts.seal(BODIES, ['a']);
    parts.release([referenceTo(part)]);
    expect((await parts.open('bodies', referenceTo(part))).value).toEqual(['a']);
    expect(asked).toHaveLength(1);
  }));

test('memory is bounded: the oldest parts go first', () =>
  inActivity(async () => {
    const sealed: Uint8Array[] = [];
    const { asked, find } = history();
    const parts = partCache(
      sealer,
      async (...ask) => {
        await find(...ask);
        return sealed.find((part) => partId(part) === ask[1]);
      },
      { maxCharacters: 1_000 },
    );
    for (let made = 0; made < 10; made += 1) {
      sealed.push(await parts.seal(BODIES, ['x'.repeat(396)]));
    }
    const open = (index: number) => parts.open('bodies', referenceTo(sealed[index] as Uint8Array));
    await open(9);
    await open(8);
    expect(asked).toEqual([]);
    await open(7);
    expect(asked).toHaveLength(1);
  }));

test('a part that no step has read for ten minutes leaves the cache', async () => {
  vi.useFakeTimers();
  try {
    const { asked, find } = history();
    const parts = partCache(sealer, find);
    const part = await inActivity(() => parts.seal(BODIES, ['203.0.113.77']));
    const open = () => inActivity(() => parts.open('bodies', referenceTo(part)));
    vi.advanceTimersByTime(10 * 60_000 - 1);
    expect((await open()).value).toEqual(['203.0.113.77']);
    vi.advanceTimersByTime(1);
    await expect(open()).rejects.toThrow('not in the history');
    expect(asked).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test('two processes have different names', () => {
  const { find } = history();
  expect(partCache(sealer, find).holder).not.toBe(partCache(sealer, find).holder);
});

test('a part stays in memory for ten minutes at most, whatever becomes of its batch', async () => {
  vi.useFakeTimers();
  try {
    await inActivity(async () => {
      let part: Uint8Array = new Uint8Array(0);
      let asked = 0;
      const parts = partCache(sealer, async () => {
        asked += 1;
        return part;
      });
      part = await parts.seal(BODIES, ['a']);
      const open = () => parts.open('bodies', referenceTo(part));
      vi.advanceTimersByTime(9.9 * 60_000);
      await open();
      expect(asked).toBe(0);
      // Using it does not make it stay longer.
      vi.advanceTimersByTime(0.2 * 60_000);
      await open();
      expect(asked).toBe(1);
      vi.advanceTimersByTime(10.1 * 60_000);
      await open();
      expect(asked).toBe(2);
    });
  } finally {
    vi.useRealTimers();
  }
});
