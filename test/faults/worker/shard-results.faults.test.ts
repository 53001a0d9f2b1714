import { expect, test } from 'vitest';
import { dataConverter } from '../../../src/crypto/payloads/data-converter.ts';
import { zeroCounts } from '../../../src/domain/counts.ts';
import { loginEtl } from '../../cli/in-process.ts';
import { testKeyring } from '../../crypto/keys/test-keyring.ts';
import type { IngestHandle } from '../../support/start-stack.ts';
import { attackedStack, foreigner, stack } from '../../trust/support/attacked-stack.ts';
import { endWorkflow } from '../../trust/support/foreign-answers.ts';
import { plain } from '../../trust/support/foreigner.ts';
import { startWorkflowsOnly } from '../../trust/support/workflows-only.ts';

const MISSING = 'no-such-key';

let stopWorker: () => Promise<void>;

attackedStack(async (started) => {
  stopWorker = await started.startWorker();
});

/** A run of one shard, which no worker executes any more. */
async function runWithShard(): Promise<IngestHandle> {
  await stopWorker();
  const stopWorkflows = await startWorkflowsOnly(stack);
  const run = await stack.start({ shards: 2, maxMessages: 1 });
  const isReceiving = async () =>
    (await foreigner.copy(`${run.workflowId}/shard-1`, 'receiveBatch').catch(() => undefined))
      ?.activityId;
  await expect.poll(isReceiving, { timeout: 20_000 }).toBeTruthy();
  await stopWorkflows();
  return run;
}

test('the result of a shard under a missing key is waited for: `status` names the key, and a worker with it goes on', async () => {
  const run = await runWithShard();
  const shard = `${run.workflowId}/shard-1`;
  const keyring = testKeyring(MISSING);
  const [codec] = dataConverter(keyring).payloadCodecs ?? [];
  const context = { type: 'workflow', namespace: 'default', workflowId: shard } as const;
  const sealed = (await codec?.encode([plain(zeroCounts())], context)) ?? [];
  await endWorkflow(shard, { payloads: sealed });
  stopWorker = await stack.startWorker();
  const status = async () => (await loginEtl(stack.env, ['status'])).stdout;
  await expect
    .poll(status, { timeout: 60_000, interval: 2_000 })
    .toContain(`encrypted with the key ${MISSING}, which PAYLOAD_KEYS does not hold`);
  await stopWorker();
  const { active, keys } = JSON.parse(stack.env.PAYLOAD_KEYS ?? '');
  const missing = keyring.keys.get(MISSING)?.export().toString('base64');
  stopWorker = await stack.startWorker({
    PAYLOAD_KEYS: JSON.stringify({ active, keys: { ...keys, [MISSING]: missing } }),
  });
  await expect(run.result()).resolves.toMatchObject({ received: 0 });
}, 120_000);

test('a shard that ends without a result ends the run', async () => {
  const run = await runWithShard();
  await endWorkflow(`${run.workflowId}/shard-1`);
  stopWorker = await stack.startWorker();
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'ForeignResult' } });
}, 60_000);
