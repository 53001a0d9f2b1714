import type { Keyring } from '../../crypto/keys/keyring.ts';
import { IDS_WITHOUT_KEY, type MaskingMode } from '../../domain/login/masking.ts';
import { type Settings, section } from '../declare-section.ts';
import { keyringParser, readKeyringSecret } from '../keyring-settings.ts';
import { day, line, oneOf } from '../value-parsers.ts';

const parseKeys = keyringParser('masking', IDS_WITHOUT_KEY);

const SETTINGS = {
  mode: {
    name: 'MASKING_MODE',
    default: 'hmac-sha256',
    description:
      '`hmac-sha256` (keyed) or `sha256` (exactly hex SHA-256, to match existing data; anyone can reverse it for an IPv4 address).',
    parse: oneOf('hmac-sha256', 'sha256'),
  },
  keys: {
    name: 'MASKING_KEYS',
    secret: true,
    required: {
      why: 'make keys with `login-etl keys generate`',
      unless: 'MASKING_KEYS_SECRET_ID',
    },
    example: '{"active":"2026-11","keys":{"2026-11":"<base64 of 32 bytes>"}}',
    description: 'Masking keys, made by `login-etl keys generate`. Not needed for `sha256`.',
    parse: parseKeys,
  },
  secretId: {
    name: 'MASKING_KEYS_SECRET_ID',
    description:
      'Instead of MASKING_KEYS: name or ARN of an AWS Secrets Manager secret that holds them.',
    parse: line,
  },
  keySince: {
    name: 'MASKING_KEY_SINCE',
    example: '2026-11-01',
    description:
      'Day on which the active masking key came into use, for the alert on its age. Not needed when the id of the key begins with a month or a day, such as `2026-11`.',
    parse: day,
  },
} as const satisfies Settings;

type MaskingSettings = {
  mode: MaskingMode;
  keys?: Keyring;
  /** Reads MASKING_KEYS_FILE again. */
  keysInFile?: () => Keyring;
  keySince?: Date;
};

export const masking = section<typeof SETTINGS, MaskingSettings>(
  'Masking',
  SETTINGS,
  (values, reader) => {
    const { mode, keySince } = values;
    if (mode === 'sha256') return { mode };
    const keys = values.secretId
      ? readKeyringSecret(reader, 'masking', values.secretId, parseKeys)
      : values.keys;
    return {
      mode,
      ...(keys && { keys }),
      ...(keys &&
        reader.fileGiven(SETTINGS.keys.name) && {
          keysInFile: reader.current(SETTINGS.keys, keys),
        }),
      ...(keySince && { keySince }),
    };
  },
);
