import type { MaskedField } from '../../domain/login/login-columns.ts';
import type { Masker } from '../../domain/login/masking.ts';
import { Problem } from '../../errors/problem.ts';
import { openAesGcm } from '../aes-gcm.ts';
import { type DataKeys, OtherVaultKey, type WrappedDataKey } from './data-keys.ts';
import { originalContext } from './vault-envelope.ts';

type Sealed = WrappedDataKey & { field: MaskedField; maskedHex: string; sealedValue: Buffer };

/**
 * Opens an original and masks it again: anyone who can write to the vault can seal any value, so the original is accepted
 * only if it results in its masked value. Without the old key this can't be checked, and the original is accepted.
 * @returns undefined for an original that does not open or is not accepted
 * @throws OtherVaultKey, or Problem when KMS fails
 */
export async function readOriginal(
  sealed: Sealed,
  dataKeys: DataKeys,
  oldMasker: Masker | undefined,
): Promise<string | undefined> {
  const { field, maskedHex } = sealed;
  try {
    const dataKey = await dataKeys.unwrap(sealed);
    const context = originalContext(field, maskedHex);
    const original = openAesGcm(sealed.sealedValue, dataKey, context).toString();
    return oldMasker && oldMasker.mask(field, original) !== maskedHex ? undefined : original;
  } catch (error) {
    if (error instanceof OtherVaultKey || error instanceof Problem) throw error;
    return undefined;
  }
}
