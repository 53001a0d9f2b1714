import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { messageShape } from '../../../src/cli/messages/message-shape.ts';
import { receiveBatch } from '../../../src/queue/receive-batch.ts';
import { sendMessages } from '../../../src/queue/send-messages.ts';
import {
  loginFields,
  loginMessage,
  loginMessages,
  smallBadMessages,
} from '../../support/data/login-messages.ts';
import {
  type QueueOptions,
  startTestQueue,
  type TestQueue,
} from '../../support/servers/test-queue.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';
import { queueEnvironment } from '../queue-environment.ts';

type Peeked = { visible: number; inFlight: number; messages: { reason?: string }[] };

describe('peek', () => {
  let queue: TestQueue;
  beforeAll(async () => {
    queue = await startTestQueue();
  });
  afterEach(() => queue.purge());
  afterAll(() => queue?.stop());
  const peek = (...args: string[]) => loginEtl(queueEnvironment(queue), ['peek', ...args]);

  test('shows the counts and the shape of three messages', async () => {
    await sendMessages(queue.queue, loginMessages(20));
    const { exitCode, stdout } = await peek();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /visible +20\n +in flight +0\n +delayed +0\n +oldest .* the oldest of the 3 received/,
    );
    expect(stdout.match(/a login event/g)).toHaveLength(3);
    expect(stdout).toMatch(/device_id +string of \d+/);
  });

  test('leaves every message visible on the queue', async () => {
    const ids = await sendMessages(queue.queue, loginMessages(10));
    expect(jsonOf<Peeked>(await peek('--json', '--messages', '10')).messages).toHaveLength(10);
    expect(await queue.depth()).toEqual({ visible: 10, inFlight: 0 });
    const bounds = { maxMessages: 20, maxBytes: 1_000_000 };
    const { messages } = await receiveBatch(queue.queue, bounds);
    expect(messages.map(({ messageId }) => messageId).sort()).toEqual(ids.toSorted());
  });

  test('receives no message if only the counts are asked for', async () => {
    await sendMessages(queue.queue, loginMessages(2));
    const peeked = jsonOf<Peeked>(await peek('--json', '--messages', '0'));
    expect(peeked).toMatchObject({ visible: 2, messages: [], oldestSeenSeconds: null });
  });

  test('shows no value of any message, good or bad', async () => {
    const values = ['198.51.100.77', 'SECRET-DEVICE', 'SECRET-USER', 'SECRET-KIND'];
    const fields = {
      ip: values[0],
      device_id: values[1],
      user_id: values[2],
      device_type: values[3],
    };
    await sendMessages(queue.queue, [
      loginMessage(1, fields),
      loginMessage(1, { ...fields, app_version: '' }),
      loginMessage(1, fields).slice(0, -1),
      JSON.stringify({ '198.51.100.77': 'SECRET-DEVICE' }),
      JSON.stringify([values]),
    ]);
    for (const args of [[], ['--json']]) {
      const { stdout, stderr } = await peek('--messages', '10', ...args);
      for (const value of values) expect(stdout + stderr).not.toContain(value);
    }
  });

  test('says why a message is no login event', async () => {
    await sendMessages(queue.queue, ['no JSON', loginMessage(1, { ip: 'nowhere' })]);
    const { messages } = jsonOf<Peeked>(await peek('--json'));
    const reasons = messages.map(({ reason }) => reason ?? '').sort();
    expect(reasons).toEqual(['ip: is not an IP address', 'message: is not JSON']);
  });
});

describe('peek, where a redrive policy moves messages away', () => {
  const queues: TestQueue[] = [];
  afterAll(async () => {
    for (const queue of queues) await queue.stop();
  });

  async function peekWith(options: QueueOptions, ...args: string[]) {
    const queue = await startTestQueue(options);
    queues.push(queue);
    await sendMessages(queue.queue, loginMessages(3));
    return loginEtl(queueEnvironment(queue), ['peek', ...args]);
  }

  test('after three receives: refuses to look, and prints the alternatives', async () => {
    const { exitCode, stdout, stderr } = await peekWith({ redrive: { maxReceiveCount: 3 } });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--messages 0');
    expect(stderr).toContain('--force');
  });

  test('after three receives: looks with --force, and shows only counts without', async () => {
    const policy = { redrive: { maxReceiveCount: 3 } };
    expect((await peekWith(policy, '--force')).stdout).toContain('a login event');
    expect((await peekWith(policy, '--messages', '0')).stdout).toMatch(/visible +3/);
  });

  test('after ten receives: looks', async () => {
    const { exitCode, stdout } = await peekWith({ redrive: { maxReceiveCount: 10 } });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('a login event');
  });
});

describe('the shape of a message', () => {
  test('has names, types and lengths of the fields', () => {
    const shape = messageShape(JSON.stringify({ ...loginFields(1), locale: null, extra: [1, 2] }));
    expect(shape.fields).toContainEqual({ name: 'ip', type: 'string', length: 8 });
    expect(shape.fields).toContainEqual({ name: 'locale', type: 'null' });
    expect(shape.fields).toContainEqual({ name: 'extra', type: 'array', length: 2 });
  });

  test('hides a field name that may be a value', () => {
    const { fields, unnamedFields } = messageShape('{"10.0.0.1": 1, "593-47-5928": 2, "name": 3}');
    expect([fields, unnamedFields]).toEqual([[{ name: 'name', type: 'number' }], 2]);
  });

  test.each(smallBadMessages(7))(
    'can be told of whatever was sent: $reason',
    ({ body, reason }) => {
      expect(messageShape(body)).toMatchObject({ bytes: Buffer.byteLength(body), reason });
    },
  );
});
