import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** @throws Refusal for a body of another type or above `maxBytes` */
export async function readBody(
  request: IncomingMessage,
  { type, maxBytes }: { type: string; maxBytes: number },
): Promise<string> {
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (given !== type) throw new Refusal(415, `the body has to be ${type}`);
  const tooLarge = new Refusal(413, `the body has more than ${maxBytes} bytes`, {
    connection: 'close',
  });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooLarge) throw tooLarge;
    throw new Refusal(400, 'the body has ended early');
  }
  return Buffer.concat(chunks).toString('utf8');
}
