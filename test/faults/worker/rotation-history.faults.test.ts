import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { fillVault, insertRows, range } from '../../support/data/vaulted-rows.ts';
import { runHistories } from '../../support/run-history.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const ROWS = 6;
/** More than the events after which a rotation continues as new. */
const SIGNALS = 4_500;

let stack: Stack;
let stopCustodian: () => Promise<void>;

beforeAll(async () => {
  stack = await startStack();
  const oldKeys = stack.env.MASKING_KEYS ?? '';
  const old = maskerOf(oldKeys);
  const numbers = range(0, ROWS);
  await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, numbers);
  await insertRows(
    stack.pool,
    old,
    numbers.map((n) => ({ ip: n, device: n })),
  );
  const newKeys = addMaskingKey(oldKeys, 'key-of-2027', randomBytes(32));
  stopCustodian = await startTestCustodian(stack, newKeys);
});
afterAll(async () => {
  await stopCustodian?.();
  await stack?.stop();
});

test('a rotation with a long history continues as new, keeps its counts, and records one begin and one end', async () => {
  const handle = await stack.client.workflow.start<(input: unknown) => Promise<RotationResult>>(
    ROTATION_WORKFLOW_TYPE,
    {
      taskQueue: CUSTODIAN_TASK_QUEUE,
      workflowId: 'rotate-long',
      args: [
        {
          ...(await requested(stack, 'a test')),
          rowsPerStep: 1,
          pauseMsBetweenSteps: 300,
          pauseMsBetweenPasses: 200,
        },
      ],
    },
  );
  const remasked = async () =>
    (await handle.query<RotationState | null>(PROGRESS_QUERY))?.counts.remasked;
  await expect.poll(remasked).toBeGreaterThan(0);
  for (let sent = 0; sent < SIGNALS; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => handle.signal('filler')));
  }
  expect(await handle.result()).toMatchObject({
    outcome: 'completed',
    remasked: ROWS,
    unrecoverable: 0,
  });
  const runs = await runHistories(stack.client, handle.workflowId, handle.firstExecutionRunId);
  expect(runs.length).toBe(2);
  expect(runs[1]?.events.length).toBeLessThan(1_000);
  const { rowCount } = await stack.pool.query(`select from audit_log where detail->>'runId' = $1`, [
    handle.firstExecutionRunId,
  ]);
  expect(rowCount).toBe(2);
});
