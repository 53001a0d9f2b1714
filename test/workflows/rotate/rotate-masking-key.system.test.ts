import { randomBytes } from 'node:crypto';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Masker } from '../../../src/domain/login/masking.ts';
import {
  CUSTODIAN_TASK_QUEUE,
  PROGRESS_QUERY,
  ROTATION_WORKFLOW_TYPE,
  type RotationResult,
  type RotationState,
} from '../../../src/domain/rotation/rotation.ts';
import {
  addMaskingKey,
  maskerOf,
  requested,
  startTestCustodian,
  vaultPrivateKey,
} from '../../support/custodian.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { fillVault, insertRows, original, range } from '../../support/data/vaulted-rows.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const NEW_KEY = 'key-of-2027';
/** For what takes a step or two. */
const SOON = { timeout: 20_000 };

let stack: Stack;
let newKeys: string;
let old: Masker;
let masker: Masker;
let stopCustodian: () => Promise<void>;
const running: (() => Promise<void>)[] = [];

/** @returns a function that stops the worker; the end of the test calls it, too */
async function startWorker(env?: Record<string, string>): Promise<() => Promise<void>> {
  let stopping: Promise<void> | undefined;
  const stop = await stack.startWorker(env);
  const once = () => {
    stopping ??= stop();
    return stopping;
  };
  running.push(once);
  return once;
}

beforeAll(async () => {
  stack = await startStack();
  const oldKeys = stack.env.MASKING_KEYS ?? '';
  newKeys = addMaskingKey(oldKeys, NEW_KEY, randomBytes(32));
  [old, masker] = [maskerOf(oldKeys), maskerOf(newKeys)];
  stopCustodian = await startTestCustodian(stack, newKeys);
});
beforeEach(async () => {
  await stack.clear();
  await stack.pool.query('truncate vault_set_aside');
});
afterEach(async () => {
  await stack.pool.query('drop trigger if exists refusing on user_logins');
  // A rotation is refused while a worker of another test is alive.
  await Promise.all(running.splice(0).map((stop) => stop()));
});
afterAll(async () => {
  await stopCustodian?.();
  await stack?.stop();
});

const start = async ({
  reason = 'a test',
  ...input
}: {
  reason?: string;
  [name: string]: unknown;
} = {}) =>
  stack.client.workflow.start<(input: unknown) => Promise<RotationResult>>(ROTATION_WORKFLOW_TYPE, {
    taskQueue: CUSTODIAN_TASK_QUEUE,
    workflowId: `rotate-${randomBytes(6).toString('hex')}`,
    args: [
      {
        ...(await requested(stack, reason.trim() || 'none')),
        reason,
        pauseMsBetweenPasses: 200,
        ...input,
      },
    ],
  });

type Handle = Awaited<ReturnType<typeof start>>;

const rotate = async (input?: Parameters<typeof start>[0]): Promise<RotationResult> =>
  (await start(input)).result();

const fill = (numbers: readonly number[]) =>
  fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, numbers);
/** A row of the old key per number, with the number's address and device. */
const insert = (numbers: readonly number[]) =>
  insertRows(
    stack.pool,
    old,
    numbers.map((n) => ({ ip: n, device: n })),
  );

const rowsByKey = async () => {
  const { rows } = await stack.pool.query<{ key: string; rows: number }>(
    'select mask_key_id as key, count(*)::int as rows from user_logins group by 1',
  );
  return Object.fromEntries(rows.map(({ key, rows: count }) => [key, count]));
};

const progress = (handle: Handle) => handle.query<RotationState | null>(PROGRESS_QUERY);

const audited = async (runId: string) =>
  (
    await stack.pool.query<{ action: string; reason: string; actor: string; detail: object }>(
      `select action, reason, actor, detail from audit_log where detail->>'runId' = $1 order by id`,
      [runId],
    )
  ).rows;

test('rows of the old key end with the new one, and the vault has their originals under the new key only', async () => {
  await fill(range(0, 40));
  await insert([...range(0, 40), ...range(0, 40)]);
  const handle = await start({ rowsPerStep: 9 });
  expect(await handle.result()).toMatchObject({
    outcome: 'completed',
    toKeyId: NEW_KEY,
    passes: 2,
    remasked: 80,
    unrecoverable: 0,
    unreadable: 0,
    originalsRemoved: 80,
    dataKeysRemoved: 1,
  });
  const rows = await stack.rows();
  expect(new Set(rows.map(({ masked_device_id }) => masked_device_id))).toEqual(
    new Set(range(0, 40).map((n) => masker.mask('device_id', original('device_id', n)))),
  );
  expect(await rowsByKey()).toEqual({ [NEW_KEY]: 80 });
  const { rows: vault } = await stack.pool.query(
    'select mask_key_id, count(*)::int from vault group by 1',
  );
  expect(vault).toEqual([{ mask_key_id: NEW_KEY, count: 80 }]);
});

test('its start is on record before anything is opened, and its end with counts', async () => {
  await fill([1]);
  await insert([1, 2]);
  const handle = await start({ reason: 'key 1 leaked' });
  await handle.result();
  const records = await audited(handle.firstExecutionRunId);
  expect(records).toMatchObject([
    { action: 'rotation.begin', reason: 'key 1 leaked', detail: { toKeyId: NEW_KEY } },
    {
      action: 'rotation.end',
      reason: 'key 1 leaked',
      detail: { outcome: 'completed', toKeyId: NEW_KEY, remasked: 1, unrecoverable: 1 },
    },
  ]);
  expect(records[0]?.actor).toMatch(/_custodian$/);
});

test('nothing is opened if the audit record is refused', async () => {
  await fill([1]);
  await insert([1]);
  await stack.pool.query('revoke insert on audit_log from login_etl_custodian');
  try {
    await expect(rotate()).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('beginRotation') } },
    });
  } finally {
    await stack.pool.query('grant insert on audit_log to login_etl_custodian');
  }
  expect(await rowsByKey()).toEqual({ [old.keyId]: 1 });
});

test('the same device is the same masked value again, over rows from before, during and after it, though a worker starts with the old key meanwhile', async () => {
  const everybody = range(0, 30);
  await fill(everybody);
  const logins = () => everybody.map((n) => loginMessage(n));
  let stopOld = await startWorker();
  await stack.send([...logins(), ...logins()]);
  await stack.run({ maxMessages: 60 });
  expect(await rowsByKey()).toEqual({ [old.keyId]: 60 });
  await stopOld();

  const handle = await start({ rowsPerStep: 20, pauseMsBetweenSteps: 1_000 });
  await expect.poll(() => progress(handle), SOON).toMatchObject({ pass: 1 });
  stopOld = await startWorker();
  const runs = [];
  for (let round = 0; round < 3; round += 1) {
    await stack.send(logins());
    // Their vault rows come with them.
    await fill(everybody);
    runs.push(await stack.run({ maxMessages: 30, batchSize: 10 }));
  }
  await expect
    .poll(() => progress(handle), SOON)
    .toMatchObject({
      phase: 'waiting for workers with an old key',
      waitingFor: { workers: [expect.stringContaining(`(key ${old.keyId})`)] },
    });
  await stopOld();
  const stopNew = await startWorker({ MASKING_KEYS: newKeys });
  for (let round = 0; round < 2; round += 1) {
    await stack.send(logins());
    runs.push(await stack.run({ maxMessages: 30, batchSize: 10 }));
  }
  expect(await handle.result()).toMatchObject({ outcome: 'completed', unrecoverable: 0 });
  await stack.send(logins());
  runs.push(await stack.run({ maxMessages: 30 }));
  await stopNew();

  for (const counts of runs) expect(counts).toMatchObject({ received: 30, inserted: 30 });
  const { rows } = await stack.pool.query<{ values: number; rows: number }>(
    `select count(distinct masked_device_id)::int as values, count(*)::int as rows, min(mask_key_id) as key
     from user_logins group by user_id`,
  );
  expect(rows).toHaveLength(30);
  for (const row of rows) expect(row).toEqual({ values: 1, rows: 8, key: NEW_KEY });
}, 240_000);

test('it is refused while a live worker masks with another key, or waits for it if asked to', async () => {
  const stopOld = await startWorker();
  await expect(rotate()).rejects.toMatchObject({
    cause: {
      cause: {
        type: 'OldKeyInUse',
        message: expect.stringMatching(
          new RegExp(
            `^beginRotation: live workers mask with another key: .*@.* \\(key ${old.keyId}\\)`,
          ),
        ),
      },
    },
  });
  const waiting = await start({ waitForWorkers: true });
  const failing = async () =>
    (await waiting.describe()).raw.pendingActivities?.[0]?.lastFailure?.message;
  await expect.poll(failing, SOON).toContain('live workers mask with another key');
  expect(await audited(waiting.firstExecutionRunId)).toEqual([]);
  await stopOld();
  expect(await waiting.result()).toMatchObject({ outcome: 'completed' });
}, 120_000);

test('it does not end while a run still has to insert what a killed worker masked with the old key', async () => {
  await fill(range(0, 10));
  const killed = await stack.spawnWorker();
  const blocker = await stack.pool.connect();
  await blocker.query('begin; lock table ingest_batches in access exclusive mode');
  try {
    await stack.send(range(0, 10).map((n) => loginMessage(n)));
    const run = await stack.start({ maxMessages: 10 });
    const pending = async () =>
      (await run.describe()).raw.pendingActivities?.map(({ activityType }) => activityType?.name);
    await expect.poll(pending, SOON).toEqual(['insertBatch']);
    await killed.kill();
    const handle = await start({ waitForWorkers: true });
    const stopNew = await startWorker({ MASKING_KEYS: newKeys });
    await expect
      .poll(() => progress(handle), { timeout: 120_000 })
      .toMatchObject({
        phase: 'waiting for workers with an old key',
        waitingFor: { workers: [], runs: [run.workflowId] },
      });
    await blocker.query('commit');
    expect(await run.result()).toMatchObject({ inserted: 10 });
    expect(await handle.result()).toMatchObject({ outcome: 'completed', remasked: 10 });
    await stopNew();
    expect(await rowsByKey()).toEqual({ [NEW_KEY]: 10 });
  } finally {
    blocker.release(true);
  }
}, 300_000);

test('while rows with an old key arrive it makes more passes, and reports when it gives up', async () => {
  await fill(range(0, 400));
  await insert([0]);
  let inserted = 1;
  let ended = false;
  const handle = await start({ maxPasses: 3, pauseMsBetweenPasses: 50 });
  const result = handle.result().finally(() => {
    ended = true;
  });
  while (!ended) {
    await insert([inserted]);
    inserted += 1;
    await fill([inserted]);
  }
  expect(await result).toMatchObject({ outcome: 'old key still in use', passes: 3 });
  expect(await rotate()).toMatchObject({ outcome: 'completed', unrecoverable: 0 });
  expect(await rowsByKey()).toEqual({ [NEW_KEY]: inserted });
});

test('rows whose original was erased stay, are counted, and do not hold it up', async () => {
  await fill(range(0, 10));
  await insert(range(0, 10));
  await stack.pool.query(`delete from vault where masked_value = $1`, [
    Buffer.from(old.mask('ip', original('ip', 3)), 'hex'),
  ]);
  expect(await rotate({ rowsPerStep: 3 })).toMatchObject({
    outcome: 'completed',
    remasked: 9,
    unrecoverable: 1,
    originalsRemoved: 18,
  });
  expect(await rowsByKey()).toEqual({ [NEW_KEY]: 9, [old.keyId]: 1 });
  // Its device is still there for a reveal.
  const { rows } = await stack.pool.query(`select field from vault where mask_key_id <> $1`, [
    NEW_KEY,
  ]);
  expect(rows).toEqual([{ field: 'device_id' }]);
});

test('a stop ends it after its current step, and another start does the rest', async () => {
  await fill(range(0, 60));
  await insert(range(0, 60));
  const handle = await start({ rowsPerStep: 2, pauseMsBetweenSteps: 50 });
  await expect.poll(async () => (await progress(handle))?.counts.remasked, SOON).toBeGreaterThan(3);
  await handle.signal('stop');
  const stopped = await handle.result();
  expect(stopped.outcome).toBe('stopped');
  expect(await rowsByKey()).toMatchObject({ [NEW_KEY]: stopped.remasked });
  expect((await audited(handle.firstExecutionRunId)).at(-1)).toMatchObject({
    action: 'rotation.end',
    detail: { outcome: 'stopped' },
  });
  expect(await rotate()).toMatchObject({ outcome: 'completed', remasked: 60 - stopped.remasked });
});

test('a cancellation ends it after its current step, as cancelled', async () => {
  await fill(range(0, 60));
  await insert(range(0, 60));
  const handle = await start({ rowsPerStep: 2, pauseMsBetweenSteps: 50 });
  await expect.poll(async () => (await progress(handle))?.counts.steps, SOON).toBeGreaterThan(1);
  await handle.cancel();
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause?.name).toBe('CancelledFailure');
  const [end] = (await audited(handle.firstExecutionRunId)).slice(-1);
  const { [NEW_KEY]: remasked } = await rowsByKey();
  expect(end).toMatchObject({ detail: { outcome: 'stopped', remasked } });
});

test('it can be stopped while a step fails and is tried again', async () => {
  await fill([1]);
  await insert([1]);
  await stack.pool.query(`
    create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'not now' using errcode = '53100'; end $$;
    create trigger refusing before update on user_logins for each row execute function refuse()`);
  const handle = await start();
  await expect
    .poll(async () => (await handle.describe()).raw.pendingActivities?.[0]?.attempt, SOON)
    .toBeGreaterThan(1);
  await handle.signal('stop');
  expect(await handle.result()).toMatchObject({ outcome: 'stopped', remasked: 0 });
});

test.each([
  ['no reason', { reason: ' ' }, /reason: must be a text/],
  ['a setting nobody knows', { rows: 3 }, /unknown setting/],
  ['a step of no rows', { rowsPerStep: 0 }, /rowsPerStep: must be a whole number/],
  ['another key than the active one', { toKeyId: 'third' }, /another active masking key/],
])('it refuses %s', async (_what, input, message) => {
  const handle = await start(input);
  const error = (await handle.result().catch((reason: unknown) => reason)) as Error;
  const messages = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    messages.push(cause.message);
  }
  expect(messages.join('\n')).toMatch(message);
  expect(await audited(handle.firstExecutionRunId)).toEqual([]);
});

test('its unencrypted details have counts only', async () => {
  await fill(range(0, 5));
  await insert(range(0, 5));
  const handle = await start();
  await handle.result();
  const stranger: Client = new (stack.client.constructor as typeof Client)({
    connection: stack.client.connection,
  });
  const { currentDetails } = await stranger.workflow
    .getHandle(handle.workflowId)
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toBe(
    '**5 rows re-masked, 0 unrecoverable, 0 unreadable, 10 originals removed; pass 2: done**',
  );
  const { events } = await stranger.workflow.getHandle(handle.workflowId).fetchHistory();
  const shown = JSON.stringify(events, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  for (const secret of [
    original('device_id', 3),
    old.mask('ip', original('ip', 3)),
    'a test',
    NEW_KEY,
  ]) {
    expect(shown).not.toContain(secret);
  }
});
