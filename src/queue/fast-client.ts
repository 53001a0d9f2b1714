import type { SQSClient } from '@aws-sdk/client-sqs';
import { Pool } from 'undici';
import { isRetryable, sqsError } from './fast-client-errors.ts';
import { post } from './post.ts';
import { signHeaders } from './sign-headers.ts';

/**
 * Calls SQS past the AWS SDK's middleware, which costs more than all the rest of a message's way: its serializer,
 * its endpoint rules, its telemetry, its signer. The SDK's own credential chain and retry strategy are kept; the wire format is AWS JSON 1.0, as in the SQS API reference. Used for the two calls that are made
 * for every message; the rest goes through the SDK.
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

  async function attempt<Answer>(operation: Operation, body: string): Promise<Answer> {
    const headers = signHeaders(
      {
        ...{ host, path: pathname, region, body },
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `AmazonSQS.${operation}`,
        },
      },
      await client.config.credentials(),
    );
    const answer = await post(pool, { path: pathname, headers, body });
    const { status, text } = answer;
    if (status === 200) return (text ? JSON.parse(text) : {}) as Answer;
    throw sqsError(status, answer.headers, text);
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
