import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Masker } from '../../../src/domain/login/masking.ts';
import {
  CUSTODIAN_TASK_QUEUE,
  ROTATION_WORKFLOW_TYPE,
  type RotationResult,
} from '../../../src/domain/rotation/rotation.ts';
import { seededRandom } from '../../domain/seeded-random.ts';
import {
  addMaskingKey,
  maskerOf,
  requested,
  spawnCustodian,
  vaultPrivateKey,
} from '../../support/custodian.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { fillVault, insertRows, original, range } from '../../support/data/vaulted-rows.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { FULL, KILLS, PATIENCE_MS, SEED } from '../support/sizes.ts';

const NEW_KEY = 'key-of-2027';
const DEVICES = FULL ? 2_000 : 300;
const ROWS_PER_DEVICE = 5;

let stack: Stack;
let newKeys: string;
let old: Masker;
let masker: Masker;

beforeAll(async () => {
  stack = await startStack();
  const oldKeys = stack.env.MASKING_KEYS ?? '';
  newKeys = addMaskingKey(oldKeys, NEW_KEY, randomBytes(32));
  [old, masker] = [maskerOf(oldKeys), maskerOf(newKeys)];
});
afterAll(() => stack?.stop());

/** Rows and originals as they are to be at every moment: each row whole, under one key, with its original there. */
async function expectNothingHalfDone(): Promise<void> {
  const expected = (by: Masker, field: 'ip' | 'device_id', number: number) =>
    by.mask(field, original(field, number));
  const { rows } = await stack.pool.query<{
    user_id: string;
    masked_ip: string;
    masked_device_id: string;
    mask_key_id: string;
    originals: number;
  }>(`
    select user_id, masked_ip, masked_device_id, user_logins.mask_key_id, count(distinct field)::int as originals
    from user_logins
    left join sealed_originals on (field = 'ip' and masked_value = decode(masked_ip, 'hex'))
      or (field = 'device_id' and masked_value = decode(masked_device_id, 'hex'))
    group by 1, 2, 3, 4`);
  for (const row of rows) {
    const number = Number(row.user_id.replace('user-', ''));
    const by = row.mask_key_id === NEW_KEY ? masker : old;
    expect(row).toMatchObject({
      masked_ip: expected(by, 'ip', number),
      masked_device_id: expected(by, 'device_id', number),
      originals: 2,
    });
  }
}

test(
  `SIGKILL of the custodian's worker at ${KILLS + 2} random moments of a rotation (FAULT_SEED=${SEED}), while ingestion goes on`,
  async () => {
    const random = seededRandom(SEED);
    const numbers = range(0, DEVICES);
    await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, numbers);
    for (let row = 0; row < ROWS_PER_DEVICE; row += 1) {
      await insertRows(
        stack.pool,
        old,
        numbers.map((n) => ({ ip: n, device: n, userId: `user-${n}` })),
      );
    }
    const ingesting = await stack.spawnWorker({ MASKING_KEYS: newKeys });
    // What it stores has its originals under the new key.
    await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, masker, numbers);
    const handle = await stack.client.workflow.start<(input: unknown) => Promise<RotationResult>>(
      ROTATION_WORKFLOW_TYPE,
      {
        taskQueue: CUSTODIAN_TASK_QUEUE,
        workflowId: 'rotate-under-fire',
        args: [
          { ...(await requested(stack, 'a test')), rowsPerStep: 20, pauseMsBetweenPasses: 200 },
        ],
      },
    );
    let custodian = await spawnCustodian(stack, newKeys);
    try {
      for (let kill = 0; kill < KILLS + 2; kill += 1) {
        await stack.send(numbers.slice(0, 50).map((n) => loginMessage(n)));
        const counts = stack.run({ maxMessages: 50, batchSize: 10 });
        await sleep(random.below(600));
        await custodian.remove();
        await expectNothingHalfDone();
        custodian = await spawnCustodian(stack, newKeys);
        expect(await counts).toMatchObject({ inserted: 50, duplicates: 0 });
      }
      expect(await handle.result()).toMatchObject({
        outcome: 'completed',
        unrecoverable: 0,
        unreadable: 0,
      });
    } finally {
      await custodian.remove();
      await ingesting.stop();
    }
    await expectNothingHalfDone();
    const { rows } = await stack.pool.query(`
      select count(*)::int as rows, count(distinct (user_id, masked_device_id, mask_key_id))::int as devices,
        (select count(*)::int from vault where mask_key_id <> min(user_logins.mask_key_id)) as old
      from user_logins`);
    expect(rows).toEqual([
      { rows: DEVICES * ROWS_PER_DEVICE + 50 * (KILLS + 2), devices: DEVICES, old: 0 },
    ]);
  },
  PATIENCE_MS,
);
