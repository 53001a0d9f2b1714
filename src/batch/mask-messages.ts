import { parseLoginEvent } from '../domain/login/login-event.ts';
import { appendRow, noOriginals, noRows } from '../domain/login/login-rows.ts';
import type { Masker } from '../domain/login/masking.ts';
import type { EnvelopeSetting } from '../domain/login/message-envelope.ts';
import type { MaskedMessages } from './batch.ts';

/** Masks bodies, a slice at a time, and collects rows, originals and rejected messages. */
export function bodiesMasker(masker: Masker, envelope: EnvelopeSetting = 'none') {
  const rows = noRows();
  const originals = noOriginals();
  const masked: MaskedMessages = { rows, originals, rejected: [], maskKeyId: masker.keyId };
  return {
    masked,
    add(bodies: readonly string[]): void {
      for (const body of bodies) {
        const parsed = parseLoginEvent(body, envelope);
        if (parsed.event === undefined) {
          const index = rows.userIds.length + masked.rejected.length;
          const { reason, faults } = parsed;
          masked.rejected.push({ index, reason, ...(faults && { faults }) });
          continue;
        }
        appendRow(masked, parsed.event, masker);
      }
    },
  };
}
