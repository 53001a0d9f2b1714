import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type Logger } from '@temporalio/worker';
import { converterPaths } from '../../crypto/payloads/data-converter.ts';

/** Makes the workflow bundle: seconds at start-up, so images have it made when they are built. */
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
