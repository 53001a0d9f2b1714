import { parseVaultPublicKey, type VaultPublicKey } from '../../crypto/vault/vault-envelope.ts';
import { type Settings, section, Wrong } from '../declare-section.ts';

const SETTINGS = {
  publicKey: {
    name: 'VAULT_PUBLIC_KEY',
    secret: true,
    required: { why: 'make keys with `login-etl keys generate`' },
    description:
      'Public key of the vault (PEM). It seals the originals of masked values and quarantined messages.',
    parse: (pem: string) => {
      try {
        return parseVaultPublicKey(pem);
      } catch (error) {
        return new Wrong((error as Error).message);
      }
    },
  },
} as const satisfies Settings;

export const vault = section<typeof SETTINGS, { publicKey: VaultPublicKey }>(
  'The vault',
  SETTINGS,
  ({ publicKey }) => publicKey && { publicKey },
);
