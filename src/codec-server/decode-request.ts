import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { payloadCodec } from '../crypto/payloads/payload-codec.ts';
import { MAX_DECOMPRESSED_BYTES, openPayloads } from '../crypto/payloads/readable-payloads.ts';
import { Problem } from '../errors/problem.ts';
import type { Answer } from '../http/answer.ts';
import type { Caller } from '../http/authenticate.ts';
import { ByteBudget } from '../http/byte-budget.ts';
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
  budget: ByteBudget;
};

/** Two requests that decompress as much as they may, and the answers to others. */
export const decodeBudget = () => new ByteBudget(3 * MAX_DECOMPRESSED_BYTES, BUSY_WAIT_MS);
const BUSY_WAIT_MS = 5_000;

const NO_RECORD = 'the audit record could not be written: nothing was decoded';

/** Answers after the audit record of everything that was opened is committed. No record, no answer. */
export async function decodeRequest(
  request: IncomingMessage,
  caller: Caller,
  { keys, record, uiOrigin, logger, budget }: DecodeContext,
): Promise<Pick<Answer, 'body' | 'onSent'>> {
  const sealed = parsePayloads(await readBody(request, BODY));
  const held = await budget.reserve(MAX_DECOMPRESSED_BYTES);
  try {
    const { payloads, ciphertexts } = await openPayloads(keys, sealed);
    const body = payloads && formatPayloads(payloads);
    held.shrinkTo(body?.length ?? 0);
    if (ciphertexts.length > 0) {
      await record(caller, askedAbout(request, uiOrigin), ciphertexts).catch((error: Error) => {
        logger.error(
          error instanceof Problem ? { why: error.why } : { error: error.name },
          NO_RECORD,
        );
        throw new Refusal(503, 'it cannot be put on record, so nothing is decoded');
      });
    }
    if (body !== undefined) return { body, onSent: held.release };
    throw new Refusal(422, 'a payload cannot be decoded with the keys that are here');
  } catch (error) {
    held.release();
    throw error;
  }
}

export async function encodeRequest(
  request: IncomingMessage,
  keys: Keyring,
): Promise<Pick<Answer, 'body'>> {
  const plain = parsePayloads(await readBody(request, BODY));
  return { body: formatPayloads(await payloadCodec(keys).encode(plain)) };
}
