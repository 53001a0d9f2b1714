import type { SQSClient } from '@aws-sdk/client-sqs';
import { Pool } from 'undici';
import { clockOffsetMs } from '../aws/clock-offset.ts';
import { CredentialRenewal } from '../aws/renew-credentials.ts';
import { MOST_CALLS } from './calls/calls-in-flight.ts';
import { isRetryable, sqsError } from './fast-client-errors.ts';
import { post } from './post.ts';
import { signHeaders } from './sign-headers.ts';
import { CONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './sqs-client.ts';

/**
 * Calls SQS without the AWS SDK's middleware (serializer, endpoint rules, telemetry, signer), which costs more than all
 * other work on a message. It keeps the SDK's credentials, clock offset and retry strategy; the wire format is AWS JSON
 * 1.0, as in the SQS API reference. Only the two calls that are made for every message use it.
 */
export type FastClient = {
  /** @param onThrottled called when SQS throttles the call, which is repeated */
  <Answer>(operation: Operation, input: object, onThrottled?: () => void): Promise<Answer>;
  close(): Promise<void>;
};

/** The type also allows a deprecated kind of strategy, which the SDK creates only on request. */
type RetryStrategy = Extract<
  Awaited<ReturnType<SQSClient['config']['retryStrategy']>>,
  { acquireInitialRetryToken: unknown }
>;

type SdkError = NonNullable<Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1]['error']>;

/** `GetQueueAttributes` is for the benchmark. */
type Operation = 'ReceiveMessage' | 'DeleteMessageBatch' | 'GetQueueAttributes';

/** One for the clock and one for the credentials. */
const MAX_CORRECTIONS = 2;
/** Receives, deletes, and the long poll of each lane. They are opened when they are needed. */
const MAX_CONNECTIONS = 2 * MOST_CALLS + 32;

/** @param origin where the calls go: the configured endpoint, or the host of the queue's URL */
export function fastClient(client: SQSClient, region: string, origin: string): FastClient {
  const { protocol, host, pathname } = new URL(origin);
  const pool = new Pool(`${protocol}//${host}`, {
    connections: MAX_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: REQUEST_TIMEOUT_MS,
    bodyTimeout: REQUEST_TIMEOUT_MS,
  });
  const retries = once(() => client.config.retryStrategy() as Promise<RetryStrategy>);

  const renewal = new CredentialRenewal(client);

  /** @param repeats how often a refused call is repeated once its cause, the clock or the credentials, is corrected */
  async function attempt<Answer>(
    operation: Operation,
    body: string,
    repeats = MAX_CORRECTIONS,
  ): Promise<Answer> {
    const credentials = await client.config.credentials();
    const timeMs = Date.now() + client.config.systemClockOffset;
    const headers = signHeaders(
      {
        ...{ host, path: pathname, region, body, timeMs },
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `AmazonSQS.${operation}`,
        },
      },
      credentials,
    );
    const answer = await post(pool, { path: pathname, headers, body });
    const { status, text } = answer;
    if (status === 200) return (text ? JSON.parse(text) : {}) as Answer;
    const error = sqsError(status, answer.headers, text);
    const offsetMs = clockOffsetMs(answer, timeMs);
    if (offsetMs !== undefined) client.config.systemClockOffset = offsetMs;
    if (repeats > 0 && (offsetMs !== undefined || (await renewal.after(error, credentials)))) {
      return attempt(operation, body, repeats - 1);
    }
    throw error;
  }

  const call = async <Answer>(
    operation: Operation,
    input: object,
    onThrottled?: () => void,
  ): Promise<Answer> => {
    const body = JSON.stringify(input);
    const strategy = await retries();
    let token = await strategy.acquireInitialRetryToken(operation);
    for (;;) {
      try {
        const answer = await attempt<Answer>(operation, body);
        strategy.recordSuccess(token);
        return answer;
      } catch (error) {
        const errorType = isRetryable(error);
        if (!errorType) throw error;
        if (errorType === 'THROTTLING') onThrottled?.();
        try {
          token = await strategy.refreshRetryTokenForRetry(token, {
            errorType,
            error: error as SdkError,
          });
        } catch {
          // The strategy's error only says that no attempts are left.
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, token.getRetryDelay()));
      }
    }
  };
  return Object.assign(call, { close: () => pool.close() });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    // After a failure the next call tries again.
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
