import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { ApplicationFailure, type WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureReason } from '../../../src/temporal/runs/failing-steps.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { reconcileJson } from '../../support/reconcile-command.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';

const COUNT = 500;

let stack: FaultStack;

beforeAll(async () => {
  stack = await startFaultStack({ visibilityTimeoutSeconds: 600 });
});
afterAll(() => stack?.stop());

test(
  'the queue vanishes in mid-run: the run ends at once, names the setting, and its ledger adds up',
  async () => {
    const ids = await stack.send(loginMessages(COUNT));
    const ways = await stack.proxied();
    let deletes = 0;
    ways.sqs.setFault(async (call, passOn) => {
      if (call.action === 'DeleteMessageBatch') deletes += 1;
      // In the middle of a batch's acknowledgement, while other lanes are elsewhere.
      if (deletes === 8) {
        await stack.sqs.client.send(new DeleteQueueCommand({ QueueUrl: stack.queue.url }));
      }
      return passOn();
    });
    const worker = await stack.spawnWorker(ways.env);
    const run = await stack.start({ batchSize: 50 });
    const error: unknown = await run.result().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await worker.kill();

    const { cause } = (error as WorkflowFailedError).cause as Error;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause).toMatchObject({ type: 'QueueDoesNotExist', nonRetryable: true });
    expect(failureReason(error as Error)).toMatch(/the queue does not exist: check SQS_QUEUE_URL/);

    // What was received by then is stored, once.
    const stored = await storedMessages(stack);
    expect(stored).toBeGreaterThan(0);
    const rows = await stack.rows();
    expect(new Set(rows.map((row) => row.message_id)).size).toBe(stored);
    expect(ids).toEqual(expect.arrayContaining(rows.map((row) => row.message_id)));
    const { exitCode, json } = await reconcileJson(stack.env);
    expect({ exitCode, findings: json.findings }).toEqual({ exitCode: 0, findings: [] });
    expect(json.runs).toMatchObject([{ state: 'failed', rowsInUserLogins: stored }]);
  },
  PATIENCE_MS,
);
