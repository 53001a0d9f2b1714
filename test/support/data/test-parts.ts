import { MockActivityEnvironment } from '@temporalio/testing';
import type { Owner, PartKind } from '../../../src/batch/part.ts';
import type { Keyring } from '../../../src/crypto/keys/keyring.ts';
import { partSealer } from '../../../src/crypto/payloads/part-sealer.ts';

export const OWNER: Owner = { namespace: 'default', workflowId: 'ingest-1' };
export const BATCH = '0123456789abcdef0123456789abcdef';

/** Runs it as an activity of the owner's workflow. */
export const inActivity = <T>(act: () => Promise<T>, { workflowId }: Owner = OWNER): Promise<T> =>
  new MockActivityEnvironment({
    workflowExecution: { workflowId, runId: 'run-1' },
    activityNamespace: 'default',
  }).run(act);

/** Seals parts as another process of the same workflow would. */
export const partsOf =
  (keyring: Keyring, kind: PartKind = 'bodies', owner: Owner = OWNER, batch = BATCH) =>
  <T>(value: T) =>
    partSealer(keyring, owner)({ kind, batch }, value);
