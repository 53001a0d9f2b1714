import type { MaskedMessages } from '../../src/domain/batch.ts';
import { bodiesMasker } from '../../src/domain/mask-batch.ts';
import type { Masker } from '../../src/domain/masking.ts';

/** All at once. */
export function maskBodies(bodies: readonly string[], masker: Masker): MaskedMessages {
  const { masked, add } = bodiesMasker(masker);
  add(bodies);
  return masked;
}
