import { parseLoginEvent } from '../domain/login/login-event.ts';
import type { Masker } from '../domain/login/masking.ts';
import { type MaskedMessages, noOriginals, noRows } from './batch.ts';

/** Bodies in, some at a time; rows, their originals and rejections out: a bad message never holds up a good one. */
export function bodiesMasker(masker: Masker) {
  const rows = noRows();
  const originals = noOriginals();
  const masked: MaskedMessages = { rows, originals, rejected: [], maskKeyId: masker.keyId };
  return {
    masked,
    add(bodies: readonly string[]): void {
      for (const body of bodies) {
        const { event, reason } = parseLoginEvent(body);
        if (event === undefined) {
          const index = rows.userIds.length + masked.rejected.length;
          masked.rejected.push({ index, reason });
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
    },
  };
}
