import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type Logger } from '@temporalio/worker';
import { converterPaths } from '../../crypto/payloads/data-converter.ts';

/** Builds the workflow bundle. This takes seconds, so images contain a prebuilt one. */
export async function bundleWorkflows(
  logger: Logger = new DefaultLogger('WARN'),
): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    workflowInterceptorModules: [
      fileURLToPath(new URL('../../workflows/refuse-foreign-payloads.ts', import.meta.url)),
    ],
    ...converterPaths,
    logger,
  });
}
