import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import aws4 from 'aws4';

export type Credentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
};

type UnsignedPost = {
  /** Includes the port unless it is the scheme's default. */
  host: string;
  path: string;
  region: string;
  /** Without `host`. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** By the service's clock. */
  timeMs: number;
};

/**
 * Signs the headers of a POST to SQS (AWS Signature Version 4). `aws4` takes less than half the time of the AWS SDK's
 * signer: it computes fewer digests for each call and creates no promises.
 */
export function signHeaders(
  { host, path, region, headers, body, timeMs }: UnsignedPost,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
): Record<string, string> {
  const { headers: signed } = new PreparedKeySigner(
    {
      ...{ method: 'POST', host, path, service: 'sqs', region, body },
      headers: { host, ...headers, 'X-Amz-Date': amzDate(timeMs) },
    },
    { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
  ).sign();
  return signed as Record<string, string>;
}

/** Prepares the day's signing key once: an HMAC keyed with raw bytes costs several times as much. */
class PreparedKeySigner extends aws4.RequestSigner {
  override signature(): string {
    const { secretAccessKey = '' } = this.credentials;
    const key = signingKey(secretAccessKey, this.getDate(), this.region, this.service);
    return createHmac('sha256', key).update(this.stringToSign()).digest('hex');
  }
}

let prepared: { derivedFrom: string; key: KeyObject } | undefined;

/** `20261127T034501Z` */
const amzDate = (timeMs: number): string =>
  new Date(timeMs).toISOString().replace(/[:-]|\.\d{3}/g, '');

/** Derives the key of one day's scope, as "Create a signed AWS API request" in the AWS documentation describes it. */
function signingKey(secretAccessKey: string, ...scope: readonly string[]): KeyObject {
  const derivedFrom = [secretAccessKey, ...scope].join('\n');
  if (prepared?.derivedFrom !== derivedFrom) {
    const bytes = [...scope, 'aws4_request'].reduce<string | Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      `AWS4${secretAccessKey}`,
    );
    prepared = { derivedFrom, key: createSecretKey(bytes as Buffer) };
  }
  return prepared.key;
}
