import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test, vi } from 'vitest';
import { toFailure } from '../../src/activities/to-failure.ts';
import { partId, referenceTo } from '../../src/batch/part.ts';
import { type FindPart, partCache } from '../../src/batch/part-cache.ts';
import { jsonSealer, partSealer } from '../../src/crypto/payloads/part-sealer.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';

const keyring = testKeyring('2026-11');
const sealer = jsonSealer(keyring);
const elsewhere = partSealer(keyring);

/** A history that holds these parts, and what was asked of it. */
function history(...parts: Uint8Array[]) {
  const asked: string[] = [];
  const find: FindPart = async ({ workflowId }, id) => {
    asked.push(`${workflowId}: ${id}`);
    return parts.find((part) => partId(part) === id);
  };
  return { asked, find };
}

const inActivity = <T>(act: () => Promise<T>): Promise<T> =>
  new MockActivityEnvironment({
    workflowExecution: { workflowId: 'ingest-1', runId: 'run-1' },
  }).run(act);

test('what this process sealed is opened by its name, and nobody else is asked', async () => {
  const { asked, find } = history();
  const parts = partCache(sealer, find);
  const part = await parts.seal(['203.0.113.77', 'é']);
  expect(await parts.open(referenceTo(part))).toEqual(['203.0.113.77', 'é']);
  expect(await parts.open(part)).toEqual(['203.0.113.77', 'é']);
  expect(asked).toEqual([]);
});

test('what another process sealed is read from the history of the run', async () => {
  const part = await elsewhere.seal(['a']);
  const { asked, find } = history(await elsewhere.seal(['b']), part);
  const parts = partCache(sealer, find);
  const open = () => inActivity(() => parts.open(referenceTo(part)));
  expect(await open()).toEqual(['a']);
  // And once: a step that fails is tried again.
  expect(await open()).toEqual(['a']);
  expect(asked).toEqual([`ingest-1: ${partId(part)}`]);
});

test('what came whole is opened as it is, whoever sealed it', async () => {
  const { asked, find } = history();
  expect(await partCache(sealer, find).open(await elsewhere.seal(['a']))).toEqual(['a']);
  expect(asked).toEqual([]);
});

test('a part that the history does not have is a failure that says so, and is no endless retry', async () => {
  const part = await elsewhere.seal(['a']);
  const connectOrExplain = inActivity(() =>
    partCache(sealer, history().find).open(referenceTo(part)),
  );
  const failure = toFailure('maskBatch', await connectOrExplain.catch((reason: unknown) => reason));
  expect(failure).toMatchObject({ type: 'PartNotInHistory', nonRetryable: true });
  expect(failure.message).toContain('start another run');
});

test('what is released is not kept, but is found again', async () => {
  let part: Uint8Array = new Uint8Array(0);
  const { asked, find } = history();
  const parts = partCache(sealer, async (...ask) => (await find(...ask)) ?? part);
  part = await parts.seal(['a']);
  parts.release([referenceTo(part)]);
  expect(await inActivity(() => parts.open(referenceTo(part)))).toEqual(['a']);
  expect(asked).toHaveLength(1);
});

test('memory is bounded: the oldest parts go first', async () => {
  const sealed: Uint8Array[] = [];
  const { asked, find } = history();
  const parts = partCache(
    sealer,
    async (...ask) => {
      await find(...ask);
      return sealed.find((part) => partId(part) === ask[1]);
    },
    1_000,
  );
  for (let made = 0; made < 10; made += 1) sealed.push(await parts.seal(['x'.repeat(396)]));
  const open = (index: number) =>
    inActivity(() => parts.open(referenceTo(sealed[index] as Uint8Array)));
  await open(9);
  await open(8);
  expect(asked).toEqual([]);
  await open(7);
  expect(asked).toHaveLength(1);
});

test('what no step has asked for in ten minutes is not kept', async () => {
  vi.useFakeTimers();
  try {
    const { asked, find } = history();
    const parts = partCache(sealer, find);
    const reference = referenceTo(await parts.seal(['203.0.113.77']));
    vi.advanceTimersByTime(10 * 60_000 - 1);
    expect(await parts.open(reference)).toEqual(['203.0.113.77']);
    vi.advanceTimersByTime(1);
    await expect(inActivity(() => parts.open(reference))).rejects.toThrow('not in the history');
    expect(asked).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test('two processes are told apart', () => {
  const { find } = history();
  expect(partCache(sealer, find).holder).not.toBe(partCache(sealer, find).holder);
});
