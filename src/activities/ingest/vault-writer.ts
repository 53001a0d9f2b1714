import type { SealedOriginals } from '../../batch/batch.ts';
import { newOriginals, originalsSealer } from '../../crypto/vault/seal-originals.ts';
import type { VaultPublicKey } from '../../crypto/vault/vault-envelope.ts';
import type { MaskedRows, Originals } from '../../domain/login/login-rows.ts';
import { inSlices } from './in-slices.ts';
import type { KnownOriginals } from './known-originals.ts';

/** What one transaction puts into the vault: sealed when the vault's state is known, remembered once it is committed. */
export function vaultWriter(
  vaultKey: VaultPublicKey,
  rows: MaskedRows,
  originals: Originals,
  known: KnownOriginals,
) {
  const written: { state: string; sealed: SealedOriginals }[] = [];
  return {
    async seal(state: string): Promise<SealedOriginals> {
      const values = newOriginals(rows, originals, known.in(state));
      const { sealed, add } = originalsSealer(vaultKey);
      await inSlices(values, add);
      written.push({ state, sealed });
      return sealed;
    },
    committed(): void {
      for (const { state, sealed } of written) known.remember(state, sealed);
    },
  };
}
