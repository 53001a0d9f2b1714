import { SQSClient } from '@aws-sdk/client-sqs';
import { CREDENTIAL_FILES_READ_AGAIN, repeatRefusedCalls } from '../aws/renew-credentials.ts';

export type SqsSettings = {
  region: string;
  /** Replaces the endpoint of AWS. */
  endpoint?: string;
  queue: { url: string } | { name: string };
  /** Default: the queue's own visibility timeout. */
  visibilityTimeoutSeconds?: number;
  /** Only for the local stack's emulator; everywhere else they come from the AWS SDK's chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** Longer than our longest long poll, so that it only ends a hung connection. */
export const REQUEST_TIMEOUT_MS = 15_000;
export const CONNECT_TIMEOUT_MS = 5_000;
/** More than lanes times concurrent calls per batch. */
const MAX_SOCKETS = 128;

/** Callers that want an early error lower these. */
type Limits = { requestTimeoutMs?: number; maxAttempts?: number };

/** The AWS SDK's chain supplies the credentials, again after a refusal; the SDK retries throttled and failed calls. */
export function sqsClient(
  { region, endpoint, credentials }: SqsSettings,
  { requestTimeoutMs = REQUEST_TIMEOUT_MS, maxAttempts }: Limits = {},
): SQSClient {
  const client = new SQSClient({
    ...CREDENTIAL_FILES_READ_AGAIN,
    region,
    ...(maxAttempts && { maxAttempts }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    // Resolving the middleware stack for each command would take a third of a call's time.
    cacheMiddleware: true,
    requestHandler: {
      requestTimeout: requestTimeoutMs,
      connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, requestTimeoutMs),
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  });
  client.middlewareStack.add(repeatRefusedCalls(client), { step: 'initialize' });
  return client;
}
