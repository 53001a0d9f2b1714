import type { MaskedBatch, MaskRequest } from '../../batch/batch.ts';
import { bodiesMasker } from '../../batch/mask-messages.ts';
import type { PartCache } from '../../batch/part-cache.ts';
import { newBatchId } from '../../crypto/payloads/part-sealer.ts';
import type { Masker } from '../../domain/login/masking.ts';
import type { EnvelopeSetting } from '../../domain/login/message-envelope.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { fairSemaphore } from './fair-semaphore.ts';
import { inSlices } from './in-slices.ts';

export type MaskDependencies = {
  masker: Masker;
  parts: PartCache;
  /** Which envelopes are unwrapped; none by default. */
  envelope?: EnvelopeSetting;
};

export const createMaskActivity = (
  { masker, parts, envelope }: MaskDependencies,
  withSemaphore = fairSemaphore(),
) => ({
  /** Bodies in; rows, and the reasons why the other messages are no login events, out. */
  maskBatch: ({ bodies }: MaskRequest): Promise<MaskedBatch> =>
    withHeartbeat('maskBatch', async () => {
      const { masked, add } = bodiesMasker(masker, envelope);
      const opened = await parts.open('bodies', bodies);
      await withSemaphore(() => inSlices(opened.value, add));
      return {
        accepted: masked.rows.userIds.length,
        rejected: masked.rejected.length,
        masked: await parts.seal({ kind: 'masked', batch: opened.batch ?? newBatchId() }, masked),
        holder: parts.holder,
      };
    }),
});
