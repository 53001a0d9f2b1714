import { SQSServiceException } from '@aws-sdk/client-sqs';

type Headers = Record<string, string | string[] | undefined>;

/** The classes of the AWS SDK's retry strategy. */
type RetryErrorType = 'THROTTLING' | 'TRANSIENT';

const THROTTLING = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'KmsThrottled',
  'KMS.ThrottlingException',
]);

/** Turns an answer into the error that the AWS SDK would throw, but drops the message of SQS: it may repeat input. */
export function sqsError(status: number, headers: Headers, body: string): SQSServiceException {
  return new SQSServiceException({
    name: errorName(headers, body),
    $fault: status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status },
    message: `SQS answered with HTTP status ${status}`,
  });
}

function errorName(headers: Headers, body: string): string {
  try {
    const { __type } = JSON.parse(body) as { __type?: unknown };
    // "com.amazonaws.sqs#QueueDoesNotExist" or only the name.
    if (typeof __type === 'string') return __type.split('#').at(-1) as string;
  } catch {
    // Not JSON: a proxy's error page, for example.
  }
  const legacy = headers['x-amzn-query-error'];
  return (typeof legacy === 'string' && legacy.split(';')[0]) || 'UnknownError';
}

/** `OverLimit`: too many messages are in flight, so that it does not help to repeat the call soon. */
export const isThrottled = (error: unknown): boolean =>
  isRetryable(error) === 'THROTTLING' ||
  (error instanceof SQSServiceException && error.name === 'OverLimit');

/** Returns the class of an error that may be retried, else undefined. */
export function isRetryable(error: unknown): RetryErrorType | undefined {
  if (error instanceof SQSServiceException) {
    const status = error.$metadata.httpStatusCode ?? 0;
    if (THROTTLING.has(error.name) || status === 429) return 'THROTTLING';
    // The SDK treats server errors as transient, too.
    return status >= 500 ? 'TRANSIENT' : undefined;
  }
  // Errors of undici and the network have a code; our own, such as missing credentials, have none.
  return typeof (error as NodeJS.ErrnoException).code === 'string' ? 'TRANSIENT' : undefined;
}
