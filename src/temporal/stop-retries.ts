import { setTimeout } from 'node:timers/promises';
import {
  type Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

/** Bounds how long closing a connection may take. */
const MAX_RETRY_DELAY_MS = 1_000;
/** A timer may fire a millisecond early. */
const TIMER_SLACK_MS = 5;

/**
 * Retries calls as the SDK does. A retry that is due after its channel was closed would throw in a timer and end the
 * process, so closing starts no more retries and waits for the one that is due.
 */
export function retriesUntilClosed() {
  const { retryableDecider, delayFunction } = defaultGrpcRetryOptions();
  let lastRetryAtMs = 0;
  let isClosing = false;
  return {
    interceptor: makeGrpcRetryInterceptor({
      retryableDecider: (attempt, status) => !isClosing && retryableDecider(attempt, status),
      delayFunction: (attempt, status) => {
        const delayMs = Math.min(delayFunction(attempt, status), MAX_RETRY_DELAY_MS);
        lastRetryAtMs = Math.max(lastRetryAtMs, performance.now() + delayMs);
        return delayMs;
      },
    }),
    stopBeforeClose(connection: Connection): void {
      const close = connection.close.bind(connection);
      connection.close = async () => {
        isClosing = true;
        const waitMs = lastRetryAtMs - performance.now();
        if (waitMs > 0) await setTimeout(waitMs + TIMER_SLACK_MS);
        await close();
      };
    },
  };
}
