import { type MaskedMessages, noOriginals, noRows } from './batch.ts';
import { parseLoginEvent } from './login-event.ts';
import type { Masker } from './masking.ts';

/** Bodies in; rows, their originals and rejections out: a bad message never holds up a good one. */
export function maskBodies(bodies: readonly string[], masker: Masker): MaskedMessages {
  const rows = noRows();
  const originals = noOriginals();
  const batch: MaskedMessages = { rows, originals, rejected: [], maskKeyId: masker.keyId };
  for (const [index, body] of bodies.entries()) {
    const { event, reason } = parseLoginEvent(body);
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
  return batch;
}
