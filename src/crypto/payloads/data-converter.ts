import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { Keyring } from '../keys/keyring.ts';
import type { DecryptOptions } from './payload-cipher.ts';
import { payloadCodec } from './payload-codec.ts';

/** The SDK loads these by path, also into the workflow bundle. */
export const converterPaths = {
  /** Encodes the message and stack trace of failures. */
  failureConverterPath: fileURLToPath(new URL('./failure-converter.ts', import.meta.url)),
  /** Keeps a workflow's current details readable. */
  payloadConverterPath: fileURLToPath(new URL('./payload-converter.ts', import.meta.url)),
};

/** The converter of worker, clients and CLI: it encrypts everything that goes to Temporal. */
export function dataConverter(payloadKeys: Keyring, options?: DecryptOptions): DataConverter {
  return { payloadCodecs: [payloadCodec(payloadKeys, options)], ...converterPaths };
}
