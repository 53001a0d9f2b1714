import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import aws4 from 'aws4';

export type Credentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
};

export type Unsigned = {
  /** With the port, where it is not the scheme's own. */
  host: string;
  path: string;
  region: string;
  /** Without a host. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** By the service's clock. */
  timeMs: number;
};

/**
 * The headers of a POST to SQS, signed (AWS Signature Version 4). By `aws4`, which takes less than half of the
 * time of the AWS SDK's signer: fewer digests for each call, and no promises.
 */
export function signHeaders(
  { host, path, region, headers, body, timeMs }: Unsigned,
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

/** With the day's signing key prepared once: an HMAC with raw bytes as its key costs several times as much. */
class PreparedKeySigner extends aws4.RequestSigner {
  override signature(): string {
    const { secretAccessKey = '' } = this.credentials;
    const key = signingKey(secretAccessKey, this.getDate(), this.region, this.service);
    return createHmac('sha256', key).update(this.stringToSign()).digest('hex');
  }
}

/** The one in use. */
let prepared: { of: string; key: KeyObject } | undefined;

/** `20261127T034501Z` */
const amzDate = (timeMs: number): string =>
  new Date(timeMs).toISOString().replace(/[:-]|\.\d{3}/g, '');

/** As AWS' documentation derives it ("Create a signed AWS API request"), from one day's scope. */
function signingKey(secretAccessKey: string, ...scope: readonly string[]): KeyObject {
  const of = [secretAccessKey, ...scope].join('\n');
  if (prepared?.of !== of) {
    const bytes = [...scope, 'aws4_request'].reduce<string | Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      `AWS4${secretAccessKey}`,
    );
    prepared = { of, key: createSecretKey(bytes as Buffer) };
  }
  return prepared.key;
}
