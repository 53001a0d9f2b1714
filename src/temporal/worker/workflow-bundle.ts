import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { connectOrExplain } from '../../errors/connect-or-explain.ts';
import { temporalLogger } from '../../telemetry/logs/logger.ts';
import { bundleWorkflows } from './bundle-workflows.ts';

/** The workflow bundle that was made before, or a new one. */
export const workflowBundle = (
  path: string | undefined,
  logger: Logger,
): Promise<{ code: string }> =>
  connectOrExplain('the bundle', 'Check WORKER_WORKFLOW_BUNDLE.', async () =>
    path === undefined
      ? bundleWorkflows(temporalLogger(logger.child({}, { level: 'warn' })))
      : { code: await readFile(path, 'utf8') },
  );
