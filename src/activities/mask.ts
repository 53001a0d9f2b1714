import type { MaskedBatch, MaskRequest } from '../domain/batch.ts';
import { bodiesMasker } from '../domain/mask-batch.ts';
import type { Masker } from '../domain/masking.ts';
import { guarded } from './guarded.ts';
import { inSlices } from './in-slices.ts';
import type { PartsInHand } from './parts-in-hand.ts';
import { turns } from './turns.ts';

export type MaskDependencies = { masker: Masker; parts: PartsInHand };

export const createMaskActivity = ({ masker, parts }: MaskDependencies, inTurn = turns()) => ({
  /** Bodies in; rows, and the reasons why the other messages are no login events, out. */
  maskBatch: ({ bodies }: MaskRequest): Promise<MaskedBatch> =>
    guarded('maskBatch', async () => {
      const { masked, add } = bodiesMasker(masker);
      const opened = await parts.open(bodies);
      await inTurn(() => inSlices(opened, add));
      // Bodies that are quarantined are wanted once more.
      if (masked.rejected.length === 0) parts.release(bodies);
      return {
        accepted: masked.rows.userIds.length,
        rejected: masked.rejected.length,
        masked: await parts.seal(masked),
        holder: parts.holder,
      };
    }),
});
