import { loginMessages, smallBadMessages } from '../support/data/login-messages.ts';
import { reportBacklog } from '../support/report-backlog.ts';
import type { IngestHandle, RunOptions, Stack } from '../support/stack.ts';

/** Enough that a run has no room left for a batch: quicker than thousands of events of its own. */
const EVENTS_THAT_FILL_A_HISTORY = 4_450;

/** A way through the workflow: starts a run and brings it to its end. */
export type RecordedCase = (
  stack: Stack,
) => Promise<Pick<IngestHandle, 'workflowId' | 'firstExecutionRunId'>>;

export const RECORDED_CASES: Readonly<Record<string, RecordedCase>> = {
  async mixed(stack) {
    await stack.send([...loginMessages(150), ...smallBadMessages(1).map(({ body }) => body)]);
    return finished(await stack.start({ lanes: 3, batchSize: 25 }));
  },

  async empty(stack) {
    return finished(await stack.start());
  },

  async bounded(stack) {
    await stack.send(loginMessages(60));
    return finished(await stack.start({ maxMessages: 35, batchSize: 10, lanes: 2 }));
  },

  // A chain of two runs.
  async continued(stack) {
    return finished(await runThatFillsItsHistory(stack));
  },

  // The same by cron: what the first run has no room for is left to a child.
  async cron(stack) {
    const handle = await runThatFillsItsHistory(stack, { cronSchedule: '@every 1s' });
    const current = stack.client.workflow.getHandle(handle.workflowId);
    await until(async () => (await current.describe()).runId !== handle.firstExecutionRunId);
    await current.terminate();
    return handle;
  },

  async 'with-refused-rows'(stack) {
    await stack.pool.query(`
      alter table user_logins add constraint recorded check (user_id <> 'user-3') not valid`);
    await stack.send(loginMessages(10));
    const handle = await finished(await stack.start());
    await stack.pool.query('alter table user_logins drop constraint recorded');
    return handle;
  },

  async cancelled(stack) {
    await stack.send(loginMessages(40));
    return whileNothingIsStored(stack, async () => {
      const handle = await stack.start({ lanes: 2, batchSize: 10 });
      await until(async () => (await stack.queueDepth()).inFlight > 0);
      await handle.cancel();
      return handle;
    }).then(finished);
  },

  // The database loses the record of its first batch before the messages are acknowledged, as by a restore.
  async 'inserts-again'(stack) {
    await stack.pool.query(`
      create sequence recorded_losses;
      create function recorded_loss() returns trigger language plpgsql security definer as $$
      begin
        if nextval('recorded_losses') = 1 then
          delete from ingest_batches where run_id = new.run_id and batch_number = new.batch_number;
        end if;
        return null;
      end
      $$;
      create trigger recorded_loss after insert on ingest_batches
        for each row execute function recorded_loss()`);
    await stack.send(loginMessages(10));
    const handle = await finished(await stack.start({ lanes: 1 }));
    await stack.pool.query('drop function recorded_loss cascade; drop sequence recorded_losses');
    return handle;
  },

  async failed(stack) {
    await stack.send(loginMessages(5));
    await stack.pool.query('alter table user_logins rename to gone');
    const handle = await finished(await stack.start());
    await stack.pool.query('alter table gone rename to user_logins');
    return handle;
  },

  async 'invalid-input'(stack) {
    return finished(await stack.start({ lanes: -1 }));
  },

  async shards(stack) {
    await stack.send(loginMessages(30));
    return finished(await stack.start({ shards: 2 }));
  },

  // It finds a backlog, and leaves it to shards.
  async tuned(stack) {
    await stack.send(loginMessages(600));
    reportBacklog(stack, 20_000);
    const handle = await finished(await stack.start());
    stack.sqs.proxy.setFault();
    return handle;
  },

  // It asks its children for their counts while they are open.
  async 'shards-counted'(stack) {
    await stack.send(loginMessages(30));
    return whileNothingIsStored(stack, async () => {
      const handle = await stack.start({ shards: 2, batchSize: 10 });
      await until(async () => {
        const { events } = await handle.fetchHistory();
        return events?.some((event) => event.activityTaskCompletedEventAttributes) ?? false;
      });
      return handle;
    }).then(finished);
  },

  // One of its children.
  async shard(stack) {
    await stack.send(loginMessages(30));
    const { workflowId } = await finished(await stack.start({ shards: 2 }));
    const child = stack.client.workflow.getHandle(`${workflowId}/shard-1`);
    return { workflowId: child.workflowId, firstExecutionRunId: (await child.describe()).runId };
  },

  // Its children are cancelled with it.
  async 'shards-cancelled'(stack) {
    await stack.send(loginMessages(30));
    return whileNothingIsStored(stack, async () => {
      const handle = await stack.start({ shards: 2, batchSize: 10 });
      await until(async () => (await stack.queueDepth()).inFlight > 0);
      await handle.cancel();
      return handle;
    }).then(finished);
  },
};

/** Its history is filled with signals that nobody handles. */
async function runThatFillsItsHistory(stack: Stack, options?: RunOptions): Promise<IngestHandle> {
  await stack.send(loginMessages(40));
  return whileNothingIsStored(stack, async () => {
    const handle = await stack.start({ lanes: 2, batchSize: 10 }, options);
    await until(async () => (await stack.queueDepth()).inFlight > 0);
    for (let sent = 0; sent < EVENTS_THAT_FILL_A_HISTORY; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => handle.signal('filler')));
    }
    return handle;
  });
}

const finished = async (handle: IngestHandle): Promise<IngestHandle> => {
  await handle.result().catch(() => undefined);
  return handle;
};

/** Meanwhile each lane has a batch that it cannot store. */
async function whileNothingIsStored<T>(stack: Stack, act: () => Promise<T>): Promise<T> {
  const locking = await stack.pool.connect();
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    const result = await act();
    await locking.query('commit');
    return result;
  } finally {
    locking.release(true);
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
