import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { Keyring } from '../keys/keyring.ts';
import { payloadCodec } from './payload-codec.ts';

/** Loaded by path, also into the workflow bundle. */
export const converterPaths = {
  /** Failures have message and stack trace encoded. */
  failureConverterPath: fileURLToPath(new URL('./failure-converter.ts', import.meta.url)),
  /** A workflow's current details stay readable. */
  payloadConverterPath: fileURLToPath(new URL('./payload-converter.ts', import.meta.url)),
};

/** The one converter of worker, clients and CLI: nothing readable goes to Temporal. */
export function dataConverter(payloadKeys: Keyring): DataConverter {
  return { payloadCodecs: [payloadCodec(payloadKeys)], ...converterPaths };
}
