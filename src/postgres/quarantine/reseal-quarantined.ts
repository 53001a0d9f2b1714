import type { PoolClient } from 'pg';

type Resealed = {
  messageId: string;
  before: Buffer;
  sealedBody: Buffer;
  vaultKeyId: string;
  /** Why the new body is no login event either: replaces the reason. */
  faults: readonly string[];
};

/** Replaces the body of a quarantined message. A trigger keeps the one before. @returns false when it changed in the meantime or is gone */
export async function resealQuarantined(
  client: PoolClient,
  { messageId, before, sealedBody, vaultKeyId, faults }: Resealed,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update quarantine set sealed_body = $3, vault_key_id = $4, reason = coalesce($5, reason), 
       faults = case when $5::text is null then faults else $6 end
     where message_id = $1 and sealed_body = $2 and released_for is null`,
    [
      messageId,
      before,
      sealedBody,
      vaultKeyId,
      faults[0] ?? null,
      faults.length > 1 ? faults : null,
    ],
  );
  return rowCount === 1;
}
