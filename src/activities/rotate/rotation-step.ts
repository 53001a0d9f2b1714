import type { Masker } from '../../domain/login/masking.ts';
import type { RotationStep } from '../../postgres/vault/require-rotation.ts';

/** What a request's change is checked against, in its transaction: the rotation on record, and this worker's key. */
export const stepOf = (
  { runId }: { runId?: string | undefined },
  { keyId }: Masker,
): RotationStep => ({ runId, keyId });
