import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { type Foreigner, startForeigner } from './foreigner.ts';

export let stack: Stack;
export let foreigner: Foreigner;

/**
 * A stack with somebody who has access to the namespace and nothing else, for all tests of the calling file.
 * @param startWorkers starts what is attacked, by default a worker
 */
export function attackedStack(
  startWorkers: (started: Stack) => Promise<unknown> = (started) => started.startWorker(),
): void {
  beforeAll(async () => {
    stack = await startStack();
    await startWorkers(stack);
    foreigner = await startForeigner(stack);
  });
  beforeEach(() => stack.clear());
  afterAll(async () => {
    await foreigner?.stop();
    await stack?.stop();
  });
}
