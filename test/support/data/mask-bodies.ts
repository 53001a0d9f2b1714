import type { MaskedMessages } from '../../../src/batch/batch.ts';
import { bodiesMasker } from '../../../src/batch/mask-messages.ts';
import type { Masker } from '../../../src/domain/login/masking.ts';

export function maskBodies(bodies: readonly string[], masker: Masker): MaskedMessages {
  const { masked, add } = bodiesMasker(masker);
  add(bodies);
  return masked;
}
