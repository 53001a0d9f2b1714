import { randomUUID } from 'node:crypto';
import { type Payload, RawValue } from '@temporalio/common';
import { expect, test } from 'vitest';
import { newBatchId, partSealer } from '../../src/crypto/payloads/part-sealer.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { leaveQuarantine } from '../../src/postgres/quarantine/leave-quarantine.ts';
import { releaseQuarantined } from '../../src/postgres/quarantine/release-quarantined.ts';
import { loginMessage } from '../support/data/login-messages.ts';
import { attackedStack, foreigner, stack } from './support/attacked-stack.ts';

const NOTHING_STORED = { inserted: 0, quarantined: 0, duplicates: 2 };

attackedStack();

/** A replay of a message that is a login now and of one that still is none. @returns its workflow id */
async function replay(): Promise<string> {
  await stack.send(['bad', 'bad']);
  await stack.run();
  const messages = await stack.quarantine();
  const messageIds = messages.map(({ message_id }) => message_id);
  const replayId = randomUUID();
  await releaseQuarantined(stack.pool, replayId, messageIds);
  const workflowId = `replay-quarantine-${replayId}-1`;
  const seal = partSealer(stack.config.payloads.keys, { namespace: 'default', workflowId });
  const batch = newBatchId();
  const sentAtMs = messageIds.map(() => Date.now());
  const input = {
    replayId,
    count: 2,
    ids: await seal({ kind: 'ids', batch }, { messageIds, sentAtMs }),
    bodies: await seal({ kind: 'bodies', batch }, [loginMessage(1), 'still bad']),
  };
  const start = { taskQueue: TASK_QUEUE, workflowId, args: [input] };
  const counts = await stack.client.workflow.execute('replayQuarantine', start);
  expect(counts).toMatchObject({ inserted: 1, quarantined: 1 });
  return workflowId;
}

/** Starts it again under its own id, with the input that its history has. */
async function repeat(workflowId: string): Promise<unknown> {
  const { events } = await foreigner.client.workflow.getHandle(workflowId).fetchHistory();
  const { input } = events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  await foreigner.client.workflow.start('replayQuarantine', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: (input?.payloads ?? []).map((payload) => RawValue.fromPayload(payload as Payload)),
  });
  return stack.client.workflow.getHandle(workflowId).result();
}

test('a replay that somebody repeats from its history changes nothing', async () => {
  const workflowId = await replay();
  const before = [await stack.rows(), await stack.quarantine()];
  expect(await repeat(workflowId)).toMatchObject(NOTHING_STORED);
  expect([await stack.rows(), await stack.quarantine()]).toEqual(before);
});

test.each(['erased', 'discarded'] as const)(
  'nor does it bring back messages that were %s, or rows that were dropped',
  async (cause) => {
    const workflowId = await replay();
    await inTransaction(stack.pool, 'begin', (client) => leaveQuarantine(client, {}, cause));
    await stack.pool.query('delete from user_logins; delete from vault');
    expect(await repeat(workflowId)).toMatchObject(NOTHING_STORED);
    expect([await stack.rows(), await stack.quarantine()]).toEqual([[], []]);
    expect((await stack.pool.query('select from vault')).rowCount).toBe(0);
  },
);

test.each(['erased', 'discarded'] as const)(
  'a copied insert of a run does not bring back messages that were %s from quarantine',
  async (cause) => {
    await stack.send(['bad', 'bad']);
    const run = await stack.start();
    await run.result();
    const { activityId, input } = await foreigner.copy(run.workflowId, 'insertBatch');
    await inTransaction(stack.pool, 'begin', (client) => leaveQuarantine(client, {}, cause));
    const insert = { taskQueue: TASK_QUEUE, activity: 'insertBatch', activityId, payloads: input };
    await foreigner.call([insert], run.workflowId);
    expect(await stack.quarantine()).toEqual([]);
  },
);
