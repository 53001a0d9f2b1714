import { randomUUID } from 'node:crypto';
import { newBatchId, partSealer } from '../../src/crypto/payloads/part-sealer.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { releaseQuarantined } from '../../src/postgres/quarantine/release-quarantined.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import type { Stack } from '../support/stack.ts';

type Recorded = { workflowId: string; firstExecutionRunId: string };

const MESSAGES = 5;

/** A way through `replayQuarantine`: replays quarantined messages and brings the run to its end. */
export const RECORDED_REPLAYS: Readonly<Record<string, (stack: Stack) => Promise<Recorded>>> = {
  completed: (stack) => replay(stack, loginMessages(MESSAGES)),

  'still-bad': (stack) => replay(stack, [...loginMessages(MESSAGES - 1), 'still bad']),

  async 'with-refused-rows'(stack) {
    await stack.pool.query(`
      alter table user_logins add constraint recorded check (user_id <> 'user-3') not valid`);
    const recorded = await replay(stack, loginMessages(MESSAGES));
    await stack.pool.query('alter table user_logins drop constraint recorded');
    return recorded;
  },
};

async function replay(stack: Stack, bodies: Iterable<string>): Promise<Recorded> {
  await stack.send(Array.from({ length: MESSAGES }, () => 'bad'));
  await stack.run();
  return replayQuarantined(stack, bodies);
}

/** @param bodies what a custodian has made of as many quarantined messages */
export async function replayQuarantined(stack: Stack, bodies: Iterable<string>): Promise<Recorded> {
  const { rows } = await stack.pool.query<{ id: string; sent: number }>(
    `select message_id as id, extract(epoch from sent_at)::float8 * 1000 as sent
     from quarantine order by message_id`,
  );
  const replayId = randomUUID();
  const messageIds = rows.map(({ id }) => id);
  await releaseQuarantined(stack.pool, replayId, messageIds);
  const workflowId = `replay-quarantine-${replayId}-1`;
  const seal = partSealer(stack.config.payloads.keys, { namespace: 'default', workflowId });
  const batch = newBatchId();
  const sentAtMs = rows.map(({ sent }) => sent);
  const handle = await stack.client.workflow.start('replayQuarantine', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [
      {
        replayId,
        count: rows.length,
        ids: await seal({ kind: 'ids', batch }, { messageIds, sentAtMs }),
        bodies: await seal({ kind: 'bodies', batch }, Array.from(bodies)),
      },
    ],
  });
  await handle.result();
  return handle;
}
