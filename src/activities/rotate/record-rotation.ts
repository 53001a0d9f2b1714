import { ApplicationFailure } from '@temporalio/common';
import type { Pool } from 'pg';
import { type Masker, UNKEYED_ID } from '../../domain/login/masking.ts';
import type { RotationResult } from '../../domain/rotation/rotation.ts';
import { OWN_POLICY } from '../../errors/error-policy.ts';
import { appendAuditRecord } from '../../postgres/audit/append-audit-record.ts';
import { boundedTransaction } from '../../postgres/bounded-transaction.ts';
import {
  findRequest,
  findRotation,
  RotationNotOnRecord,
} from '../../postgres/vault/require-rotation.ts';
import { putBackSetAside } from '../../postgres/vault/set-originals-aside.ts';
import { LOCK_VAULT } from '../../postgres/vault/vault-lock.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import type { FindOldKeyWriters } from './find-old-key-writers.ts';

type Rotation = { runId: string; reason: string };

export const createRecordRotationActivities = ({
  pool,
  masker,
  oldKeyWriters,
}: {
  pool: Pool;
  masker: Masker;
  oldKeyWriters: FindOldKeyWriters;
}) => ({
  /**
   * Commits the audit record that a rotation begins, before it opens anything. It must be requested on the record, since an
   * input of Temporal's proves nothing about who started the workflow.
   * @returns the id of the new key
   */
  beginRotation: ({
    toKeyId,
    reason,
    runId,
    requestId,
    waitForWorkers = false,
  }: Rotation & {
    toKeyId?: string | undefined;
    requestId?: string | undefined;
    waitForWorkers?: boolean | undefined;
  }): Promise<string> =>
    withHeartbeat('beginRotation', async () => {
      if (masker.keyId === UNKEYED_ID)
        throw refused('MASKING_MODE is sha256: there is no key to rotate');
      if (toKeyId !== undefined && toKeyId !== masker.keyId) {
        throw refused("the custodian's worker has another active masking key than --to names");
      }
      if (!(await findRotation(pool, runId))) {
        const { workers } = await oldKeyWriters(masker.keyId);
        if (workers.length > 0) throw oldKeyInUse(workers, waitForWorkers);
      }
      return boundedTransaction(pool, LOCK_VAULT, async (client) => {
        const before = await findRotation(client, runId);
        // The result of an earlier attempt was lost, or the workflow was reset.
        if (before && !before.ended && before.toKeyId === masker.keyId) return masker.keyId;
        if (before) throw refused('this rotation has ended, or was begun with another key');
        const request = requestId === undefined ? undefined : await findRequest(client, requestId);
        if (request?.reason !== reason) {
          throw refused('no custodian has requested it: start it with `login-etl remask start`');
        }
        if (request.used) throw refused('another rotation was started with the same request');
        await putBackSetAside(client);
        const detail = { runId, toKeyId: masker.keyId, requestId };
        await appendAuditRecord(client, { action: 'rotation.begin', reason, detail });
        return masker.keyId;
      });
    }),

  /** Writes the audit record of the end, with its counts: one for each rotation that has begun. */
  endRotation: ({ reason, ...detail }: Rotation & RotationResult): Promise<void> =>
    withHeartbeat('endRotation', () =>
      boundedTransaction(pool, LOCK_VAULT, async (client) => {
        const rotation = await findRotation(client, detail.runId);
        if (!rotation) throw new RotationNotOnRecord('no such rotation is on record');
        if (rotation.ended) return;
        await appendAuditRecord(client, { action: 'rotation.end', reason, detail });
      }),
    ),
});

/** With `wait` it is retried until they are gone. */
const oldKeyInUse = (workers: readonly string[], wait: boolean) =>
  ApplicationFailure.create({
    message: `beginRotation: ${OWN_POLICY.OldKeyInUse?.advice}: ${workers.join(', ')} (OldKeyInUse)`,
    type: 'OldKeyInUse',
    nonRetryable: !wait,
  });

const refused = (why: string) =>
  ApplicationFailure.nonRetryable(`beginRotation: ${why}`, 'RotationRefused');
