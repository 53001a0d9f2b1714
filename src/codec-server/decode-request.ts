import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { payloadCodec } from '../crypto/payloads/payload-codec.ts';
import { openPayloads } from '../crypto/payloads/readable-payloads.ts';
import { Problem } from '../errors/problem.ts';
import type { Caller } from '../http/authenticate.ts';
import { readBody } from '../http/read-request-body.ts';
import { Refusal } from '../http/refusal.ts';
import { askedAbout } from './asked-about.ts';
import { formatPayloads, parsePayloads } from './payloads-json.ts';
import type { RecordDecodes } from './record-decodes.ts';

/** Room for what one Temporal event may hold (2 MiB a payload), in base64. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const BODY = { type: 'application/json', maxBytes: MAX_BODY_BYTES };

export type DecodeContext = {
  keys: Keyring;
  record: RecordDecodes;
  uiOrigin: string | undefined;
  logger: Logger;
};

const NO_RECORD = 'the audit record could not be written: nothing was decoded';

/** Answers after the audit record of everything that was opened is committed. No record, no answer. */
export async function decodeRequest(
  request: IncomingMessage,
  caller: Caller,
  { keys, record, uiOrigin, logger }: DecodeContext,
): Promise<string> {
  const sealed = parsePayloads(await readBody(request, BODY));
  const { payloads, ciphertexts } = await openPayloads(keys, sealed);
  if (ciphertexts.length > 0) {
    await record(caller, askedAbout(request, uiOrigin), ciphertexts).catch((error: Error) => {
      logger.error(
        error instanceof Problem ? { why: error.why } : { error: error.name },
        NO_RECORD,
      );
      throw new Refusal(503, 'it cannot be put on record, so nothing is decoded');
    });
  }
  if (payloads) return formatPayloads(payloads);
  throw new Refusal(422, 'a payload cannot be decoded with the keys that are here');
}

export async function encodeRequest(request: IncomingMessage, keys: Keyring): Promise<string> {
  const plain = parsePayloads(await readBody(request, BODY));
  return formatPayloads(await payloadCodec(keys).encode(plain));
}
