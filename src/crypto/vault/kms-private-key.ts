import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { DecryptCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CREDENTIAL_FILES_READ_AGAIN, repeatRefusedCalls } from '../../aws/renew-credentials.ts';
import { Problem } from '../../errors/problem.ts';
import { vaultKeyId } from './vault-envelope.ts';
import type { VaultPrivateKey } from './vault-opener.ts';

/** The same as `OAEP` in `vault-envelope.ts`. */
const ALGORITHM = 'RSAES_OAEP_SHA_256';

/**
 * The vault's private key in AWS KMS. The key never leaves KMS, which unwraps the data keys. This needs `kms:GetPublicKey`
 * and `kms:Decrypt`. The AWS SDK's own settings provide region, endpoint and credentials.
 * @throws Problem that names the setting
 */
export async function kmsPrivateKey(
  keyId: string,
  client: KMSClient = kmsClient(),
): Promise<VaultPrivateKey> {
  const publicKey = await fetchPublicKey(keyId, client);
  const id = vaultKeyId(publicKey);
  return {
    id,
    publicKey: { id, key: publicKey },
    unwrap: (wrappedKey) => unwrap(keyId, client, wrappedKey),
  };
}

function kmsClient(): KMSClient {
  const client = new KMSClient(CREDENTIAL_FILES_READ_AGAIN);
  client.middlewareStack.add(repeatRefusedCalls(client), { step: 'initialize' });
  return client;
}

async function fetchPublicKey(keyId: string, client: KMSClient): Promise<KeyObject> {
  const answer = await client
    .send(new GetPublicKeyCommand({ KeyId: keyId }))
    .catch((error: unknown) => {
      throw kmsProblem(error);
    });
  if (!answer.PublicKey || !answer.EncryptionAlgorithms?.includes(ALGORITHM)) {
    throw new Problem(
      'the vault cannot be opened',
      `the KMS key is none for ${ALGORITHM}`,
      'VAULT_KMS_KEY_ID must be an RSA key with the usage ENCRYPT_DECRYPT.',
    );
  }
  return createPublicKey({ key: Buffer.from(answer.PublicKey), format: 'der', type: 'spki' });
}

async function unwrap(
  keyId: string,
  client: KMSClient,
  wrappedKey: Uint8Array,
): Promise<KeyObject> {
  const { Plaintext } = await client
    .send(
      new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: wrappedKey,
        EncryptionAlgorithm: ALGORITHM,
      }),
    )
    .catch((error: unknown) => {
      throw isNotSealedForUs(error) ? error : kmsProblem(error);
    });
  return createSecretKey(Buffer.from(Plaintext ?? []));
}

/** Not an error of KMS but of this value, which may have been planted. */
const isNotSealedForUs = (error: unknown): boolean =>
  error instanceof Error && /^(InvalidCiphertext|Validation)Exception$/.test(error.name);

/** Uses only the error's name: messages of AWS may repeat input. */
function kmsProblem(error: unknown): Problem {
  const { name, code } = error as { name?: string; code?: string };
  return new Problem(
    'the vault cannot be opened',
    `AWS KMS does not help (${code ?? name ?? 'unknown'})`,
    'Check VAULT_KMS_KEY_ID, AWS_REGION, the credentials, and that they may kms:GetPublicKey and kms:Decrypt.',
  );
}
