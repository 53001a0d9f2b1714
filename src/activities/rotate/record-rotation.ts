import { ApplicationFailure } from '@temporalio/common';
import type { Pool } from 'pg';
import { type Masker, UNKEYED_ID } from '../../domain/login/masking.ts';
import type { RotationResult } from '../../domain/rotation.ts';
import { appendAuditRecord } from '../../postgres/audit/append-audit-record.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

type Rotation = { runId: string; reason: string };

export const createRecordRotationActivities = ({
  pool,
  masker,
}: {
  pool: Pool;
  masker: Masker;
}) => ({
  /**
   * Commits the record that a rotation begins, before it opens anything.
   * @returns the id of the key that all rows are to have
   */
  beginRotation: ({
    toKeyId,
    reason,
    runId,
  }: Rotation & { toKeyId?: string | undefined }): Promise<string> =>
    withHeartbeat('beginRotation', async () => {
      if (masker.keyId === UNKEYED_ID)
        throw refused('MASKING_MODE is sha256: there is no key to rotate');
      if (toKeyId !== undefined && toKeyId !== masker.keyId) {
        throw refused("the custodian's worker has another active masking key than --to names");
      }
      const detail = { runId, toKeyId: masker.keyId };
      await appendAuditRecord(pool, { action: 'rotation.begin', reason, detail });
      return masker.keyId;
    }),

  /** The record of how it ended, with its counts. */
  endRotation: ({ reason, ...detail }: Rotation & RotationResult): Promise<void> =>
    withHeartbeat('endRotation', async () => {
      await appendAuditRecord(pool, { action: 'rotation.end', reason, detail });
    }),
});

const refused = (why: string) =>
  ApplicationFailure.nonRetryable(`beginRotation: ${why}`, 'RotationRefused');
