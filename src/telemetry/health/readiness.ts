import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ConnectionLike } from '@temporalio/client';
import type { Pool } from 'pg';
import { isRefusal } from '../../errors/refused-credentials.ts';
import type { Queue } from '../../queue/open-queue.ts';

const DEPENDENCIES = ['temporal', 'postgres', 'queue'] as const;
export type Dependency = (typeof DEPENDENCIES)[number];
/** `refused`: the part answers but does not accept the credentials. */
export type State = 'ok' | 'unreachable' | 'refused';
/** Only the parts that the program uses. */
export type States = Partial<Record<Dependency, State>>;

/** Shorter than the usual timeout of a Kubernetes probe. */
const TIMEOUT_MS = 2_000;
/** Answers are reused for this time, however often probes ask. */
const FRESH_MS = 1_000;

export type Readiness = () => Promise<States>;

export const areReady = (parts: States): boolean =>
  Object.values(parts).every((state) => state === 'ok');

/** Checks how each part answers. Never rejects. */
export function createReadiness(parts: {
  temporal: ConnectionLike;
  namespace: string;
  pool: Pool;
  queue?: Queue;
}): Readiness {
  const { queue } = parts;
  const checks: Checks = {
    temporal: () =>
      parts.temporal.withDeadline(Date.now() + TIMEOUT_MS, () =>
        // A server answers GetSystemInfo to anyone.
        parts.temporal.workflowService.describeNamespace({ namespace: parts.namespace }),
      ),
    postgres: () => parts.pool.query('select'),
    ...(queue && {
      queue: () =>
        queue.client.send(
          new GetQueueAttributesCommand({
            QueueUrl: queue.url,
            AttributeNames: ['VisibilityTimeout'],
          }),
          { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
        ),
    }),
  };
  return readinessOf(checks);
}

/** Asks each part, at most once in FRESH_MS. */
export function readinessOf(checks: Checks): Readiness {
  let begunAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<States> | undefined;
  return () => {
    if (answer === undefined || performance.now() - begunAt > FRESH_MS) {
      begunAt = performance.now();
      answer = checkAll(checks);
    }
    return answer;
  };
}

type Checks = Partial<Record<Dependency, () => Promise<unknown>>>;

async function checkAll(checks: Checks): Promise<States> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await stateAfter(check())] as const),
  );
  return Object.fromEntries(answers);
}

async function stateAfter(check: Promise<unknown>): Promise<State> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<State>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, 'unreachable');
  });
  const state = check.then(
    (): State => 'ok',
    (error: unknown): State => (isRefusal(error) ? 'refused' : 'unreachable'),
  );
  return await Promise.race([state, timeout]).finally(() => clearTimeout(timer));
}
