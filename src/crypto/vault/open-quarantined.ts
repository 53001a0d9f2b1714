import { Problem } from '../../errors/problem.ts';
import { openBody, type VaultPrivateKey } from './vault-opener.ts';

/** @returns undefined for a body that does not open because it was replaced or damaged */
export async function openQuarantined(
  { messageId, sealedBody }: { messageId: string; sealedBody: Buffer },
  privateKey: VaultPrivateKey,
): Promise<string | undefined> {
  try {
    return await openBody(sealedBody, privateKey, messageId);
  } catch (error) {
    if (error instanceof Problem) throw error;
    return undefined;
  }
}
