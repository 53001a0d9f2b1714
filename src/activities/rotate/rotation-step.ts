import type { Masker } from '../../domain/login/masking.ts';
import type { RotationStep } from '../../postgres/vault/require-rotation.ts';

/** The step's transaction checks these: the recorded rotation and this worker's key. */
export const stepOf = (
  { runId }: { runId?: string | undefined },
  { keyId }: Masker,
): RotationStep => ({ runId, keyId });
