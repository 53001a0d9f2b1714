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
};

/**
 * The headers of a POST to SQS, signed (AWS Signature Version 4). By `aws4`, which takes less than half of the
 * time of the AWS SDK's signer: fewer digests for each call, and no promises.
 */
export function signHeaders(
  { host, path, region, headers, body }: Unsigned,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
): Record<string, string> {
  const { headers: signed } = aws4.sign(
    { method: 'POST', host, path, service: 'sqs', region, headers: { host, ...headers }, body },
    { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
  );
  return signed as Record<string, string>;
}
