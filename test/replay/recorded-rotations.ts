import { randomBytes } from 'node:crypto';
import {
  CUSTODIAN_TASK_QUEUE,
  ROTATION_WORKFLOW_TYPE,
  type RotationResult,
  STOP_SIGNAL,
} from '../../src/domain/rotation/rotation.ts';
import {
  addMaskingKey,
  maskerOf,
  requested,
  startTestCustodian,
  vaultPrivateKey,
} from '../support/custodian.ts';
import { fillVault, insertRows, range } from '../support/data/vaulted-rows.ts';
import type { Stack } from '../support/stack.ts';

const ROWS = 20;

type Recorded = { workflowId: string; firstExecutionRunId: string };

/** A way through `rotateMaskingKey`: starts a rotation of some rows and brings it to its end. */
export const RECORDED_ROTATIONS: Readonly<Record<string, (stack: Stack) => Promise<Recorded>>> = {
  completed: (stack) => rotation(stack, { rowsPerStep: 7 }),

  // A row comes with the old key after the first pass: it waits, and passes once more.
  'with-late-rows': (stack) =>
    rotation(
      stack,
      { rowsPerStep: 7, pauseMsBetweenPasses: 100, pauseMsBetweenSteps: 1 },
      async (handle) => {
        await until(
          async () => (await handle.query<{ pass: number } | null>('progress'))?.pass === 2,
        );
        await oldRows(stack, [1]);
      },
    ),

  stopped: (stack) =>
    rotation(stack, { rowsPerStep: 2, pauseMsBetweenSteps: 1 }, async (handle) => {
      await until(async () => (await handle.query('progress')) !== null);
      await handle.signal(STOP_SIGNAL);
    }),

  cancelled: (stack) =>
    rotation(stack, { rowsPerStep: 2, pauseMsBetweenSteps: 1 }, async (handle) => {
      await until(async () => (await handle.query('progress')) !== null);
      await handle.cancel();
    }),

  // A chain of two runs.
  continued: (stack) =>
    rotation(stack, { rowsPerStep: 7, pauseMsBetweenSteps: 2_000 }, async (handle) => {
      for (let sent = 0; sent < 4_500; sent += 100) {
        await Promise.all(Array.from({ length: 100 }, () => handle.signal('filler')));
      }
    }),

  failed: (stack) =>
    rotation(stack, {}, undefined, async () => {
      await stack.pool.query(`update vault_data_keys set vault_key_id = 'another'`);
    }),

  'invalid-input': (stack) => rotation(stack, { rowsPerStep: -1 }),
};

async function rotation(
  stack: Stack,
  input: object,
  meanwhile: (handle: Handle) => Promise<void> = async () => undefined,
  before: () => Promise<void> = async () => undefined,
): Promise<Recorded> {
  const newKeys = addMaskingKey(stack.env.MASKING_KEYS ?? '', 'next', randomBytes(32));
  const stopCustodian = await startTestCustodian(stack, newKeys);
  try {
    await oldRows(stack, range(0, ROWS));
    await before();
    const handle = await start(stack, input);
    await meanwhile(handle);
    await handle.result().catch(() => undefined);
    return handle;
  } finally {
    await stopCustodian();
  }
}

type Handle = Awaited<ReturnType<typeof start>>;

const start = async (stack: Stack, input: object) =>
  stack.client.workflow.start<(input: unknown) => Promise<RotationResult>>(ROTATION_WORKFLOW_TYPE, {
    taskQueue: CUSTODIAN_TASK_QUEUE,
    workflowId: `rotate-${randomBytes(6).toString('hex')}`,
    args: [{ ...(await requested(stack, 'recorded')), ...input }],
  });

async function oldRows(stack: Stack, numbers: readonly number[]): Promise<void> {
  const old = maskerOf(stack.env.MASKING_KEYS ?? '');
  await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, numbers);
  await insertRows(
    stack.pool,
    old,
    numbers.map((n) => ({ ip: n, device: n })),
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
