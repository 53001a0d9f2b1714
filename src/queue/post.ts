import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string };

type Post = { path: string; headers: Record<string, string>; body: string };

/** Sends a POST and buffers the answer. undici's `dispatch` avoids the stream that its `request` creates for each answer. */
export const post = (dispatcher: Dispatcher, { path, headers, body }: Post): Promise<Answer> =>
  new Promise((resolve, reject) => {
    let status = 0;
    let answerHeaders: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    dispatcher.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode, received) {
          status = statusCode;
          answerHeaders = received;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          const whole = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
          resolve({ status, headers: answerHeaders, text: whole.toString('utf8') });
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
