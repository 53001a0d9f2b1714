import type { SealedOriginals } from '../../batch/batch.ts';
import { newOriginals, originalsSealer } from '../../crypto/vault/seal-originals.ts';
import type { VaultPublicKey } from '../../crypto/vault/vault-envelope.ts';
import type { VaultState } from '../../postgres/ingest/insert-originals.ts';
import { inSlices } from './in-slices.ts';
import type { KnownOriginals } from './known-originals.ts';
import type { OpenBatch } from './open-batch.ts';

/** What one transaction puts into the vault: sealed when the vault's state is known, remembered once it is committed. */
export function vaultWriter(
  vaultKey: VaultPublicKey,
  batch: Pick<OpenBatch, 'rows' | 'originals' | 'sentAtMs'>,
  known: KnownOriginals,
) {
  const written: { state: string; sealed: SealedOriginals }[] = [];
  return {
    async seal({ state, isErased }: VaultState): Promise<SealedOriginals> {
      const values = newOriginals(batch, known.in(state), isErased);
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
