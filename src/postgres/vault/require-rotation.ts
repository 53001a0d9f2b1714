import type { Pool, PoolClient } from 'pg';

/** The rotation of a step, and the active masking key of the worker that runs it. */
export type RotationStep = {
  /** The first run of the rotation's workflow; undefined in steps that a build before 0.4 scheduled. */
  runId: string | undefined;
  keyId: string;
};

/** The audit log has no begin record of the rotation, or already its end: nothing is changed. */
export class RotationNotOnRecord extends Error {
  override name = 'RotationNotOnRecord';
}

/** This worker's active masking key differs from that of the rotation: another worker may have it. */
export class OtherMaskingKey extends Error {
  override name = 'OtherMaskingKey';
}

const FIND = `
  select begun.id::text, detail ->> 'toKeyId' as "toKeyId", exists (
    select from audit_log as ended
    where ended.action = 'rotation.end' and ended.detail ->> 'runId' = begun.detail ->> 'runId'
  ) as ended
  from audit_log as begun
  where action = 'rotation.begin' and ($1::text is null or detail ->> 'runId' = $1)
  order by begun.id desc limit 1`;

type RecordedRotation = { id: string; toKeyId: string; ended: boolean };

export async function findRotation(
  db: Pool | PoolClient,
  runId: string | undefined,
): Promise<RecordedRotation | undefined> {
  return (await db.query<RecordedRotation>(FIND, [runId ?? null])).rows[0];
}

const FIND_REQUEST = `
  select reason, exists (
    select from audit_log as begun
    where begun.action = 'rotation.begin' and begun.detail ->> 'requestId' = $1
  ) as used
  from audit_log where action = 'rotation.request' and detail ->> 'requestId' = $1 limit 1`;

/** The record of a custodian's request for a rotation, and whether a rotation has begun with it. */
export async function findRequest(
  db: Pool | PoolClient,
  requestId: string,
): Promise<{ reason: string; used: boolean } | undefined> {
  return (await db.query<{ reason: string; used: boolean }>(FIND_REQUEST, [requestId])).rows[0];
}

/**
 * Checks the rotation in the transaction of a step.
 * @throws RotationNotOnRecord, OtherMaskingKey
 */
export async function requireRotation(
  db: Pool | PoolClient,
  { runId, keyId }: RotationStep,
): Promise<void> {
  const rotation = await findRotation(db, runId);
  if (!rotation || rotation.ended) {
    throw new RotationNotOnRecord('no such rotation is on record, or it has ended');
  }
  if (rotation.toKeyId !== keyId) throw new OtherMaskingKey('the active key is another');
}
