import { SQSClient } from '@aws-sdk/client-sqs';
import { CREDENTIAL_FILES_READ_AGAIN, repeatRefusedCalls } from '../aws/renew-credentials.ts';

export type SqsSettings = {
  region: string;
  /** Another endpoint than that of AWS. */
  endpoint?: string;
  queue: { url: string } | { name: string };
  /** Without it the queue's own visibility timeout counts. */
  visibilityTimeoutSeconds?: number;
  /** For the local stack's emulator only: everywhere else they come from the AWS SDK's chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** Longer than the longest long poll that we ask for, so that a hung connection is noticed. */
const REQUEST_TIMEOUT_MS = 15_000;
const CONNECTION_TIMEOUT_MS = 5_000;
/** Lanes times concurrent calls a batch, with room. */
const MAX_SOCKETS = 128;

/** For those who would rather know soon. */
type Patience = { requestTimeoutMs?: number; maxAttempts?: number };

/**
 * Credentials come from the AWS SDK's chain, and again when they are refused; retries of throttled and failed calls are
 * the SDK's.
 */
export function sqsClient(
  { region, endpoint, credentials }: SqsSettings,
  { requestTimeoutMs = REQUEST_TIMEOUT_MS, maxAttempts }: Patience = {},
): SQSClient {
  const client = new SQSClient({
    ...CREDENTIAL_FILES_READ_AGAIN,
    region,
    ...(maxAttempts && { maxAttempts }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    // The resolved middleware stack is kept per command: without it a third of a call's time goes there.
    cacheMiddleware: true,
    requestHandler: {
      requestTimeout: requestTimeoutMs,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  });
  client.middlewareStack.add(repeatRefusedCalls(client), { step: 'initialize' });
  return client;
}
