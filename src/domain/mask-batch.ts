import { type MaskedMessages, noOriginals, noRows } from './batch.ts';
import { parseLoginEvent } from './login-event.ts';
import type { Masker } from './masking.ts';

/** Bodies in; rows, their originals and rejections out: a bad message never holds up a good one. */
export function maskBodies(bodies: readonly string[], masker: Masker): MaskedMessages {
  const batch = noMasked(masker);
  maskSlice(batch, bodies, masker, 0, bodies.length);
  return batch;
}

export const noMasked = ({ keyId }: Masker): MaskedMessages => ({
  rows: noRows(),
  originals: noOriginals(),
  rejected: [],
  maskKeyId: keyId,
});

/** Adds the bodies from one place up to another to what is masked already. */
export function maskSlice(
  batch: MaskedMessages,
  bodies: readonly string[],
  masker: Masker,
  from: number,
  to: number,
): void {
  const { rows, originals } = batch;
  for (let index = from; index < to; index += 1) {
    const { event, reason } = parseLoginEvent(bodies[index] as string);
    if (event === undefined) {
      batch.rejected.push({ index, reason });
      continue;
    }
    rows.userIds.push(event.user_id);
    rows.deviceTypes.push(event.device_type);
    rows.maskedIps.push(masker.mask('ip', event.ip));
    rows.maskedDeviceIds.push(masker.mask('device_id', event.device_id));
    rows.locales.push(event.locale ?? null);
    rows.appVersions.push(event.app_version);
    originals.ips.push(event.ip);
    originals.deviceIds.push(event.device_id);
  }
}
