import type { FoundLogin } from '../../postgres/reads/search-logins.ts';

/** What an export has of each row, in this order. */
export const EXPORT_COLUMNS = [
  'user_id',
  'device_type',
  'masked_ip',
  'masked_device_id',
  'locale',
  'app_version',
  'create_date',
  'sent_at',
  'message_id',
  'mask_key_id',
] as const satisfies readonly (keyof FoundLogin)[];

/** Makes a file piece by piece. */
export type ExportFile = {
  begin(): Uint8Array;
  rows(rows: readonly FoundLogin[]): Uint8Array;
  end(): Uint8Array;
};
