import { NativeConnection, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { dataConverter } from '../../../src/crypto/payloads/data-converter.ts';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import type { Stack } from '../../support/stack.ts';
import { testRuntime } from '../../support/test-runtime.ts';

/** Our workflow code in a worker that takes no steps. @returns what stops it */
export async function startWorkflowsOnly(stack: Stack): Promise<() => Promise<void>> {
  testRuntime();
  const connection = await NativeConnection.connect({ address: stack.temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: inject('workflowBundlePath') },
    dataConverter: dataConverter(stack.config.payloads.keys),
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
}
