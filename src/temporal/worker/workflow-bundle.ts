import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { connectOrExplain } from '../../errors/connect-or-explain.ts';
import { temporalLogger } from '../../telemetry/logs/logger.ts';
import { bundleWorkflows } from './bundle-workflows.ts';

/** Returns the prebuilt workflow bundle, or builds one. */
export const workflowBundle = (
  path: string | undefined,
  logger: Logger,
): Promise<{ code: string }> =>
  connectOrExplain('the bundle', 'Check WORKER_WORKFLOW_BUNDLE.', async () =>
    path === undefined
      ? bundleWorkflows(temporalLogger(logger.child({}, { level: 'warn' })))
      : { code: await readFile(path, 'utf8') },
  );
