import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import type { SqsAnswer } from '../../support/servers/sqs-proxy.ts';
import type { IngestHandle } from '../../support/start-stack.ts';
import { countDeliveries } from '../support/deliveries.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack, type Ways } from '../support/fault-stack.ts';
import { closedGate } from '../support/gate.ts';
import { repeatedSteps } from '../support/recorded-steps.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';

const COUNT = FULL ? 5_000 : 200;
const DELIVERIES = 5;

type Given = { MessageId: string; ReceiptHandle: string };

let stack: FaultStack;
let ways: Ways;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600 });
  ways = await stack.proxied();
  await stack.spawnWorker(ways.env);
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const messagesOf = ({ body }: SqsAnswer): Given[] =>
  (body as { Messages?: Given[] }).Messages ?? [];

test(
  `each message is delivered ${DELIVERIES} times, to several lanes: it is one row, and the rest count as duplicates`,
  async () => {
    const ids = await stack.send([...loginMessages(COUNT - 2), 'bad', '{}']);
    // Visible again as soon as they are given away: the next call, of whatever lane, gets them too.
    const deliveries = countDeliveries(ways.sqs, async (call, passOn) => {
      const answer = await passOn();
      if (call.action !== 'ReceiveMessage') return answer;
      const again = messagesOf(answer).filter(
        ({ MessageId }) => (deliveries.get(MessageId) ?? 0) < DELIVERIES,
      );
      if (again.length > 0) await makeVisible(again);
      return answer;
    });
    const counts = await stack.run({ lanes: 4, batchSize: COUNT / 5 });

    const delivered = [...deliveries.values()].reduce((sum, times) => sum + times, 0);
    expect(delivered).toBe(COUNT * DELIVERIES);
    expect(counts).toMatchObject({
      received: delivered,
      inserted: COUNT - 2,
      quarantined: 2,
      duplicates: delivered - COUNT,
    });
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);

async function makeVisible(messages: readonly Given[]): Promise<void> {
  await stack.sqs.client.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl: stack.queue.url,
      Entries: messages.map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: 0,
      })),
    }),
  );
}

test(
  'two lanes with the same messages in opposite order do not deadlock',
  async () => {
    const ids = await stack.send(loginMessages(10));
    const runs: IngestHandle[] = [];
    const both = closedGate();
    let first: SqsAnswer | undefined;
    let answered = 0;
    ways.sqs.setFault(async (call, passOn) => {
      if (call.action !== 'ReceiveMessage' || answered >= 2) return passOn();
      answered += 1;
      first ??= await passOn();
      const Messages = messagesOf(first);
      if (answered === 1) {
        await both.pass();
        return first;
      }
      both.open();
      return { status: 200, body: { Messages: Messages.toReversed() } };
    });
    // Slow enough that the two insert side by side; and planned as in a database that has been in use.
    await stack.pool.query(`
      analyze quarantine;
      create function wait_a_moment() returns trigger language plpgsql as
        $$ begin perform pg_sleep(0.03); return new; end $$;
      create trigger slow before insert on user_logins for each row execute function wait_a_moment()`);
    try {
      const one = await stack.start({ lanes: 1, batchSize: 10 });
      await both.reached;
      const other = await stack.start({ lanes: 1, batchSize: 10 });
      runs.push(one, other);
      const counts = [await one.result(), await other.result()];
      const sum = (name: 'received' | 'inserted' | 'duplicates') =>
        counts.reduce((total, part) => total + part[name], 0);
      expect([sum('received'), sum('inserted'), sum('duplicates')]).toEqual([20, 10, 10]);
    } finally {
      await stack.pool.query('drop function wait_a_moment cascade');
    }
    for (const run of runs) expect(await repeatedSteps(run)).toEqual([]);
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
