import type { Pool, PoolClient } from 'pg';

/** Which rotation a step belongs to, and the masking key that is active for whoever does the step. */
export type RotationStep = {
  /** First run of the rotation's workflow. Steps that a build before 0.4 scheduled do not name it. */
  runId: string | undefined;
  keyId: string;
};

/** Nothing is changed without the record that a rotation has begun, nor after the record of its end. */
export class RotationNotOnRecord extends Error {
  override name = 'RotationNotOnRecord';
}

/** The active masking key of this worker is not the one of the rotation: another worker may have it. */
export class OtherMaskingKey extends Error {
  override name = 'OtherMaskingKey';
}

const FIND = `
  select detail ->> 'toKeyId' as "toKeyId", exists (
    select from audit_log as ended
    where ended.action = 'rotation.end' and ended.detail ->> 'runId' = begun.detail ->> 'runId'
  ) as ended
  from audit_log as begun
  where action = 'rotation.begin' and ($1::text is null or detail ->> 'runId' = $1)
  order by begun.id desc limit 1`;

export type RecordedRotation = { toKeyId: string; ended: boolean };

export async function findRotation(
  db: Pool | PoolClient,
  runId: string | undefined,
): Promise<RecordedRotation | undefined> {
  return (await db.query<RecordedRotation>(FIND, [runId ?? null])).rows[0];
}

/**
 * For the transaction of a step's change.
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
