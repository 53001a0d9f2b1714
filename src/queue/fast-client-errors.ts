import { SQSServiceException } from '@aws-sdk/client-sqs';

type Headers = Record<string, string | string[] | undefined>;

/** As the AWS SDK classes them for its retry strategy. */
export type RetryErrorType = 'THROTTLING' | 'TRANSIENT';

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

/** What SQS answered, as the error that the AWS SDK would throw. Its message is left behind: it may repeat input. */
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
    // com.amazonaws.sqs#QueueDoesNotExist, or the name alone.
    if (typeof __type === 'string') return __type.split('#').at(-1) as string;
  } catch {
    // A proxy's page, say.
  }
  const legacy = headers['x-amzn-query-error'];
  return (typeof legacy === 'string' && legacy.split(';')[0]) || 'UnknownError';
}

/** How an attempt may be repeated; undefined when it may not. */
export function isRetryable(error: unknown): RetryErrorType | undefined {
  if (error instanceof SQSServiceException) {
    const status = error.$metadata.httpStatusCode ?? 0;
    if (THROTTLING.has(error.name) || status === 429) return 'THROTTLING';
    // The strategy repeats transient errors only, and the SDK counts a server's trouble among them.
    return status >= 500 ? 'TRANSIENT' : undefined;
  }
  // Errors of undici and of the network have a code; ours (a signer without credentials) don't.
  return typeof (error as NodeJS.ErrnoException).code === 'string' ? 'TRANSIENT' : undefined;
}
