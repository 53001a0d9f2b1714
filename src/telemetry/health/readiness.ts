import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ConnectionLike } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Queue } from '../../queue/open-queue.ts';

export const DEPENDENCIES = ['temporal', 'postgres', 'queue'] as const;
export type Dependency = (typeof DEPENDENCIES)[number];
export type Reachable = Record<Dependency, boolean>;

/** Shorter than what asks: Kubernetes waits for a probe for as long as it is told, often a few seconds. */
const TIMEOUT_MS = 2_000;
/** However often it is asked, each part is asked once a second at most. */
const FRESH_MS = 1_000;

export type Readiness = () => Promise<Reachable>;

/** Which of the parts answer just now. Never rejects. */
export function createReadiness(parts: {
  temporal: ConnectionLike;
  pool: Pool;
  queue: Queue;
}): Readiness {
  const checks: Record<Dependency, () => Promise<unknown>> = {
    temporal: () =>
      parts.temporal.withDeadline(Date.now() + TIMEOUT_MS, () =>
        parts.temporal.workflowService.getSystemInfo({}),
      ),
    postgres: () => parts.pool.query('select'),
    queue: () =>
      parts.queue.client.send(
        new GetQueueAttributesCommand({
          QueueUrl: parts.queue.url,
          AttributeNames: ['VisibilityTimeout'],
        }),
        { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
      ),
  };
  let begunAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<Reachable> | undefined;
  return () => {
    if (answer === undefined || performance.now() - begunAt > FRESH_MS) {
      begunAt = performance.now();
      answer = checkAll(checks);
    }
    return answer;
  };
}

async function checkAll(checks: Record<Dependency, () => Promise<unknown>>): Promise<Reachable> {
  const answers = await Promise.all(
    DEPENDENCIES.map(async (name) => [name, await succeeds(checks[name]())] as const),
  );
  return Object.fromEntries(answers) as Reachable;
}

async function succeeds(check: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, false);
  });
  const success = check.then(
    () => true,
    () => false,
  );
  return await Promise.race([success, timeout]).finally(() => clearTimeout(timer));
}
