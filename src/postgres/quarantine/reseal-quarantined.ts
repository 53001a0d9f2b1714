import type { PoolClient } from 'pg';

type Resealed = { messageId: string; before: Buffer; sealedBody: Buffer; vaultKeyId: string };

/** Replaces the body of a quarantined message. @returns false when it changed in the meantime or is gone */
export async function resealQuarantined(
  client: PoolClient,
  { messageId, before, sealedBody, vaultKeyId }: Resealed,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update quarantine set sealed_body = $3, vault_key_id = $4
     where message_id = $1 and sealed_body = $2 and released_for is null`,
    [messageId, before, sealedBody, vaultKeyId],
  );
  return rowCount === 1;
}
