import type { PartSealer } from '../crypto/part-sealer.ts';
import type { MaskedBatch, MaskRequest } from '../domain/batch.ts';
import { maskBodies } from '../domain/mask-batch.ts';
import type { Masker } from '../domain/masking.ts';
import { guarded } from './guarded.ts';

export type MaskDependencies = { masker: Masker; parts: PartSealer };

export const createMaskActivity = ({ masker, parts }: MaskDependencies) => ({
  /** Bodies in; rows, and the reasons why the other messages are no login events, out. */
  maskBatch: ({ bodies }: MaskRequest): Promise<MaskedBatch> =>
    guarded('maskBatch', async () => {
      const masked = maskBodies(await parts.open(bodies), masker);
      return {
        accepted: masked.rows.userIds.length,
        rejected: masked.rejected.length,
        masked: await parts.seal(masked),
      };
    }),
});
