import { type Keyring, withAddedKeys } from '../../crypto/keys/keyring.ts';
import { type Settings, section } from '../declare-section.ts';
import { keyringParser, readKeyringSecret } from '../keyring-settings.ts';
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
    description:
      'Keys of the Temporal payloads. The active key encrypts; all decrypt, those added to the file later too.',
    parse: parseKeys,
  },
  secretId: {
    name: 'PAYLOAD_KEYS_SECRET_ID',
    description:
      'Instead of PAYLOAD_KEYS: name or ARN of an AWS Secrets Manager secret that holds them.',
    parse: line,
  },
  secretsManagerEndpoint: {
    name: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    usedByLibrary: true,
    description: 'Endpoint of AWS Secrets Manager, if not that of AWS.',
    parse: httpUrl,
  },
} as const satisfies Settings;

type KeyringSettings = {
  keys: Keyring;
  /** Reads PAYLOAD_KEYS_FILE again. */
  keysInFile?: () => Keyring;
};

export const payloads = section<typeof SETTINGS, KeyringSettings>(
  'Encryption of Temporal payloads',
  SETTINGS,
  (values, reader) => {
    const { secretId, secretsManagerEndpoint: _checked } = values;
    if (secretId) {
      const keys = readKeyringSecret(reader, 'payload', secretId, parseKeys);
      return keys && { keys };
    }
    const { keys } = values;
    if (!keys || !reader.fileGiven(SETTINGS.keys.name)) return keys && { keys };
    const keysInFile = reader.current(SETTINGS.keys, keys);
    return { keys: withAddedKeys(keys, keysInFile), keysInFile };
  },
);
