import type { IncomingMessage } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { Caller } from '../http/authenticate.ts';
import { readBody } from '../http/read-request-body.ts';
import { Refusal } from '../http/refusal.ts';
import { askedAbout } from './asked-about.ts';
import { formatPayloads, parsePayloads } from './payloads-json.ts';
import type { RecordDecodes } from './record-decodes.ts';

/** Room for what one event of Temporal's may hold (2 MiB a payload), in base64. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const BODY = { type: 'application/json', maxBytes: MAX_BODY_BYTES };

export type DecodeContext = {
  codec: PayloadCodec;
  record: RecordDecodes;
  uiOrigin: string | undefined;
};

/** Decodes once it is on record who asked. No record, no decode. */
export async function decodeRequest(
  request: IncomingMessage,
  caller: Caller,
  { codec, record, uiOrigin }: DecodeContext,
): Promise<string> {
  const payloads = parsePayloads(await readBody(request, BODY));
  const sealed = payloads.filter(isSealed);
  if (sealed.length > 0) {
    await record(caller, askedAbout(request, uiOrigin), sealed).catch(() => {
      throw new Refusal(503, 'it cannot be put on record, so nothing is decoded');
    });
  }
  try {
    return formatPayloads(await codec.decode(payloads));
  } catch {
    throw new Refusal(422, 'a payload cannot be decoded with the keys that are here');
  }
}

export async function encodeRequest(
  request: IncomingMessage,
  codec: PayloadCodec,
): Promise<string> {
  return formatPayloads(await codec.encode(parsePayloads(await readBody(request, BODY))));
}

/** What is not encrypted passes the codec as it is: nothing is revealed. */
const isSealed = ({ metadata }: Payload): boolean =>
  Buffer.from(metadata?.encoding ?? []).toString('utf8') === 'binary/encrypted';
