import { parseVaultPrivateKey } from '../../crypto/vault/vault-opener.ts';
import type { VaultKeySource } from '../../crypto/vault/vault-private-key.ts';
import { checkAwsSettings } from '../aws-settings.ts';
import { type Settings, section, Wrong } from '../declare-section.ts';
import { httpUrl, line } from '../value-parsers.ts';

const SETTINGS = {
  privateKey: {
    name: 'VAULT_PRIVATE_KEY',
    secret: true,
    description:
      "Custodians only: the vault's private key (PEM). A worker that finds it in its environment does not start.",
    parse: (pem: string) => {
      try {
        return parseVaultPrivateKey(pem);
      } catch (error) {
        return new Wrong((error as Error).message);
      }
    },
  },
  kmsKeyId: {
    name: 'VAULT_KMS_KEY_ID',
    example: 'arn:aws:kms:eu-central-1:111122223333:key/…',
    description:
      'Custodians only, instead of VAULT_PRIVATE_KEY: id, ARN or alias of an RSA key in AWS KMS. A worker that finds it in its environment does not start.',
    parse: line,
  },
  kmsEndpoint: {
    name: 'AWS_ENDPOINT_URL_KMS',
    usedByLibrary: true,
    description:
      'With VAULT_KMS_KEY_ID: an endpoint other than that of AWS. The region is AWS_REGION.',
    parse: httpUrl,
  },
} as const satisfies Settings;

/** What opens the vault. */
export const custodian = section<typeof SETTINGS, VaultKeySource>(
  'The vault, for custodians: never on a worker',
  SETTINGS,
  (values, reader) => {
    const { name } = SETTINGS.privateKey;
    const { kmsKeyId, kmsEndpoint: _checked } = values;
    if (kmsKeyId !== undefined) {
      checkAwsSettings(reader);
      if (!reader.given(name)) return { kmsKeyId };
      reader.problem(SETTINGS.kmsKeyId.name, `is set, and ${name} too: keep one of them`);
      return undefined;
    }
    const { privateKey } = values;
    if (privateKey) return { privateKey };
    reader.missing(
      SETTINGS.privateKey,
      'nothing else opens the vault and the quarantine',
      SETTINGS.kmsKeyId.name,
    );
    return undefined;
  },
);
