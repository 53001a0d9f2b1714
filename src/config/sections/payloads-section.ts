import type { Keyring } from '../../crypto/keys/keyring.ts';
import { type Settings, section } from '../declare-section.ts';
import { keyringParser, readKeyringSecret } from '../keyring-settings.ts';
import { refusePlainHttp } from '../plain-http.ts';
import { httpUrl, line } from '../value-parsers.ts';

const parseKeys = keyringParser('payload');

const SETTINGS = {
  keys: {
    name: 'PAYLOAD_KEYS',
    secret: true,
    required: {
      why: 'make keys with `login-etl keys generate`',
      unless: 'PAYLOAD_KEYS_SECRET_ID',
    },
    example: '{"active":"2026-11","keys":{"2026-11":"<base64 of 32 bytes>"}}',
    description: 'Keys that Temporal payloads are encrypted with. Several can decode, one encodes.',
    parse: parseKeys,
  },
  secretId: {
    name: 'PAYLOAD_KEYS_SECRET_ID',
    description: 'Instead: name or ARN of a secret in AWS Secrets Manager that holds them.',
    parse: line,
  },
  secretsManagerEndpoint: {
    name: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    usedByLibrary: true,
    description: 'Another endpoint of AWS Secrets Manager than that of AWS.',
    parse: httpUrl,
  },
} as const satisfies Settings;

export const payloads = section<typeof SETTINGS, { keys: Keyring }>(
  'Encryption of what Temporal keeps',
  SETTINGS,
  (values, reader) => {
    refusePlainHttp(reader, {
      [SETTINGS.secretsManagerEndpoint.name]: values.secretsManagerEndpoint,
    });
    const keys = values.secretId
      ? readKeyringSecret(reader, 'payload', values.secretId, parseKeys)
      : values.keys;
    return keys && { keys };
  },
);
