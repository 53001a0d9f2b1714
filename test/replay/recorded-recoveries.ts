import { randomUUID } from 'node:crypto';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { RECOVERY_WORKFLOW_TYPE } from '../../src/domain/recovery/recovery.ts';
import { appendAuditRecord } from '../../src/postgres/audit/append-audit-record.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import type { Stack } from '../support/stack.ts';

type Recorded = { workflowId: string; firstExecutionRunId: string };

/** A way through `recoverLogins`: requests a recovery and brings it to its end. */
export const RECORDED_RECOVERIES: Readonly<Record<string, (stack: Stack) => Promise<Recorded>>> = {
  async completed(stack) {
    const since = new Date().toISOString();
    await stack.send([...loginMessages(20), 'bad']);
    await stack.run();
    // As a restore to before the run.
    await stack.pool.query('truncate user_logins, quarantine, ingest_batches, ingest_runs');
    const requestId = randomUUID();
    const detail = { requestId, since };
    await appendAuditRecord(stack.pool, { action: 'recovery.request', reason: 'recorded', detail });
    return ended(stack, { requestId });
  },

  refused: (stack) => ended(stack, { requestId: randomUUID() }),

  'invalid-input': (stack) => ended(stack, {}),
};

async function ended(stack: Stack, input: { requestId?: string }): Promise<Recorded> {
  const handle = await stack.client.workflow.start(RECOVERY_WORKFLOW_TYPE, {
    taskQueue: TASK_QUEUE,
    workflowId: `recover-${randomUUID()}`,
    args: [input],
  });
  await handle.result().catch(() => undefined);
  return handle;
}
