import { randomBytes, randomUUID } from 'node:crypto';
import { type Payload, RawValue } from '@temporalio/common';
import { expect, test } from 'vitest';
import { dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { attackedStack, foreigner, stack } from './support/attacked-stack.ts';

const MISSING = 'no-such-key';

attackedStack();

/** Payloads for a workflow of this id that name a key which no worker has: bound to it, to nothing, and made up. */
async function unreadable(workflowId: string): Promise<[string, RawValue][]> {
  const [codec] = dataConverter(testKeyring(MISSING)).payloadCodecs ?? [];
  const plain: Payload = {
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from('{}'),
  };
  const context = { type: 'workflow', namespace: 'default', workflowId } as const;
  const bound = (await codec?.encode([plain], context))?.[0] as Payload;
  const { encoding, compression } = bound.metadata ?? {};
  const keyId = Buffer.from(MISSING);
  const unbound = {
    metadata: { encoding, compression, 'encryption-key-id': keyId },
    data: bound.data,
  };
  const made = {
    metadata: { encoding, 'encryption-key-id': Buffer.from('\u001b[2J') },
    data: randomBytes(64),
  };
  return Object.entries({ bound, unbound, made }).map(([name, payload]) => [
    name,
    RawValue.fromPayload(payload as Payload),
  ]);
}

test('signals, queries and updates under a missing key do not stop a run', async () => {
  await stack.send(loginMessages(5));
  const locking = await stack.pool.connect();
  const { workflowId } = await stack.start({ lanes: 1 });
  const handle = foreigner.client.workflow.getHandle(workflowId);
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    for (const [, value] of await unreadable(workflowId)) {
      await handle.signal('pause', value);
      await handle.signal('no-such-signal', value);
      await expect(handle.query('progress', value)).rejects.toThrow('a query takes no argument');
      await expect(handle.executeUpdate('no-such', { args: [value] })).rejects.toThrow();
    }
  } finally {
    locking.release(true);
  }
  const ours = stack.client.workflow.getHandle(workflowId);
  await expect(ours.result()).resolves.toMatchObject({ received: 5, acknowledged: 5 });
  const { events } = await ours.fetchHistory();
  expect(events?.filter((each) => each.workflowTaskFailedEventAttributes)).toEqual([]);
});

test('an input under a missing key fails the run at once, and the failure names the key', async () => {
  for (const type of ['ingestLogins', 'replayQuarantine', 'rotateMaskingKey']) {
    const workflowId = `missing-key-${randomUUID()}`;
    for (const [name, value] of await unreadable(workflowId)) {
      await foreigner.client.workflow.start(type, {
        taskQueue: TASK_QUEUE,
        workflowId,
        args: [value],
        memo: { made: value },
      });
      await expect(
        stack.client.workflow.getHandle(workflowId).result(),
        `${type}, ${name}`,
      ).rejects.toMatchObject({
        cause: {
          type: 'PayloadRefused',
          message: expect.stringContaining(name === 'made' ? '(not a key id)' : MISSING),
        },
      });
    }
  }
});

test('a signal that starts a run, with an input and an argument under a missing key, leaves no run open', async () => {
  const workflowId = `missing-key-${randomUUID()}`;
  for (const [, value] of await unreadable(workflowId)) {
    await foreigner.client.workflow.signalWithStart('ingestLogins', {
      taskQueue: TASK_QUEUE,
      workflowId,
      signal: 'pause',
      signalArgs: [value],
      args: [value],
    });
    await expect(stack.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
      cause: { type: 'PayloadRefused' },
    });
  }
});
