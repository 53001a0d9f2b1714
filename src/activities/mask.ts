import type { MaskedBatch } from '../domain/batch.ts';
import { maskBodies } from '../domain/mask-batch.ts';
import type { Masker } from '../domain/masking.ts';
import { guarded } from './guarded.ts';

export const createMaskActivity = ({ masker }: { masker: Masker }) => ({
  /** Bodies in; rows, and the reasons why the other messages are no login events, out. */
  maskBatch: (bodies: string[]): Promise<MaskedBatch> =>
    guarded('maskBatch', async () => maskBodies(bodies, masker)),
});
