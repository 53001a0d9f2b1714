import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { converterPaths } from '../../../src/crypto/payloads/data-converter.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Adds a timer at the start of the workflow, an event that older code did not write. */
const PAUSE = `await sleep('10 milliseconds');`;

const INDEX = `
import { patched, sleep } from '@temporalio/workflow';
import type { Carried } from './ingest/drain.ts';
import { ingestLogins as before } from './ingest/ingest-logins.ts';

export async function ingestLogins(input?: unknown, carried?: Carried) {
  BODY
  return before(input, carried);
}
`;

/** A change of a later version, with a patch or, by mistake, without. */
export const CHANGES = {
  patched: INDEX.replace('BODY', `if (patched('pause-first')) ${PAUSE}`),
  unpatched: INDEX.replace('BODY', PAUSE),
} as const;

/** Bundles a copy of the workflows with this change. @returns the bundle's path */
export async function newerBundle(
  directory: string,
  change: keyof typeof CHANGES,
): Promise<string> {
  const copy = join(directory, change);
  for (const part of ['package.json', 'src/workflows', 'src/batch', 'src/domain']) {
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const index = join(copy, 'src/workflows/index.ts');
  await writeFile(index, CHANGES[change]);
  const { code } = await bundleWorkflowCode({
    workflowsPath: index,
    workflowInterceptorModules: [join(copy, 'src/workflows/refuse-foreign-payloads.ts')],
    ...converterPaths,
    logger: new DefaultLogger('WARN'),
  });
  const bundle = join(directory, `${change}.js`);
  await writeFile(bundle, code);
  return bundle;
}
