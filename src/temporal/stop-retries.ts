import {
  type Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

/**
 * Retries calls as the SDK does. A retry that is due after its channel was closed would throw in a timer and end the
 * process, so closing starts no more retries and waits for those that are due.
 */
export function retriesUntilClosed() {
  const { retryableDecider, delayFunction } = defaultGrpcRetryOptions();
  let dueRetries = 0;
  let isClosing = false;
  const { promise: noneDue, resolve } = Promise.withResolvers<void>();

  /** The outer interceptor counts a call before its first attempt, the inner one each attempt that begins. */
  const outer: Interceptor = (options, nextCall) => {
    dueRetries += 1;
    return nextCall(options) as ReturnType<Interceptor>;
  };
  const inner: Interceptor = (options, nextCall) => {
    dueRetries -= 1;
    const call = nextCall(options);
    if (isClosing && dueRetries === 0) resolve();
    return call as ReturnType<Interceptor>;
  };
  const retry = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !isClosing && retryableDecider(attempt, status),
    delayFunction: (attempt, status) => {
      dueRetries += 1;
      return delayFunction(attempt, status);
    },
  });

  return {
    interceptors: [outer, retry, inner],
    stopBeforeClose(connection: Connection): void {
      const close = connection.close.bind(connection);
      connection.close = async () => {
        isClosing = true;
        if (dueRetries > 0) await noneDue;
        await close();
      };
    },
  };
}
