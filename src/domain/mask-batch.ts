import type { MaskedBatch } from './batch.ts';
import { parseLoginEvent } from './login-event.ts';
import type { Masker } from './masking.ts';

/** Bodies in, rows and rejections out: a bad message never holds up a good one. */
export function maskBodies(bodies: readonly string[], masker: Masker): MaskedBatch {
  const batch: MaskedBatch = {
    rows: {
      userIds: [],
      deviceTypes: [],
      maskedIps: [],
      maskedDeviceIds: [],
      locales: [],
      appVersions: [],
    },
    rejected: [],
    maskKeyId: masker.keyId,
  };
  for (const [index, body] of bodies.entries()) {
    const { event, reason } = parseLoginEvent(body);
    if (event === undefined) {
      batch.rejected.push({ index, reason });
      continue;
    }
    batch.rows.userIds.push(event.user_id);
    batch.rows.deviceTypes.push(event.device_type);
    batch.rows.maskedIps.push(masker.mask('ip', event.ip));
    batch.rows.maskedDeviceIds.push(masker.mask('device_id', event.device_id));
    batch.rows.locales.push(event.locale ?? null);
    batch.rows.appVersions.push(event.app_version);
  }
  return batch;
}
