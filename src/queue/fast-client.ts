import type { SQSClient } from '@aws-sdk/client-sqs';
import { Pool } from 'undici';
import { clockOffsetMs } from '../aws/clock-offset.ts';
import { CredentialRenewal } from '../aws/renew-credentials.ts';
import { isRetryable, sqsError } from './fast-client-errors.ts';
import { post } from './post.ts';
import { signHeaders } from './sign-headers.ts';

/**
 * Calls SQS without the AWS SDK's middleware (serializer, endpoint rules, telemetry, signer), which costs more than
 * everything else that is done for a message. The SDK's credentials, clock offset and retry strategy are used; the wire
 * format is AWS JSON 1.0, as in the SQS API reference. Used for the two calls that are made for every message; the
 * rest goes through the SDK.
 */
export type FastClient = {
  <Answer>(operation: Operation, input: object): Promise<Answer>;
  close(): Promise<void>;
};

/** The SDK's current kind; it makes no other unless it is told to. */
type RetryStrategy = Extract<
  Awaited<ReturnType<SQSClient['config']['retryStrategy']>>,
  { acquireInitialRetryToken: unknown }
>;

type SdkError = NonNullable<Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1]['error']>;

/** The benchmark looks at the queue's attributes this way. */
export type Operation = 'ReceiveMessage' | 'DeleteMessageBatch' | 'GetQueueAttributes';

/** Longer than the longest long poll that we ask for, so that a hung connection is noticed. */
const ANSWER_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** The clock, and the credentials. */
const MAX_CORRECTIONS = 2;
/** Lanes times concurrent calls a batch, with room. */
const MAX_CONNECTIONS = 64;

/** @param origin where the calls go: the configured endpoint, or the host of the queue's URL */
export function fastClient(client: SQSClient, region: string, origin: string): FastClient {
  const { protocol, host, pathname } = new URL(origin);
  const pool = new Pool(`${protocol}//${host}`, {
    connections: MAX_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
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

  const call = async <Answer>(operation: Operation, input: object): Promise<Answer> => {
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
        try {
          token = await strategy.refreshRetryTokenForRetry(token, {
            errorType,
            error: error as SdkError,
          });
        } catch {
          // The strategy's own error says that there are no attempts left; what went wrong says more.
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
    // A failure is not kept: the next call tries again.
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
