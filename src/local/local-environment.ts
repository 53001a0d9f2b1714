import { join } from 'node:path';
import { environmentWithOnly } from '../config/process-environment.ts';
import { KEY_FILE_NAMES } from '../crypto/keys/generate-keys.ts';

/** Any region will do for the emulator, as long as everybody names the same. */
export const LOCAL_REGION = 'us-east-1';
/** The emulator takes any; real ones are not sent to it. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export type LocalAddresses = {
  sqsEndpoint: string;
  databaseUrl: string;
  temporalAddress: string;
  keys: string;
};

/** The settings of the local stack: what `.local/env` holds, and the worker runs with. No private key is in it. */
export function localEnvironment(addresses: LocalAddresses): Record<string, string> {
  return {
    AWS_REGION: LOCAL_REGION,
    AWS_ENDPOINT_URL_SQS: addresses.sqsEndpoint,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    DATABASE_URL: addresses.databaseUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    MASKING_KEYS_FILE: join(addresses.keys, KEY_FILE_NAMES.maskingKeys),
    PAYLOAD_KEYS_FILE: join(addresses.keys, KEY_FILE_NAMES.payloadKeys),
    VAULT_PUBLIC_KEY_FILE: join(addresses.keys, KEY_FILE_NAMES.vaultPublicKey),
  };
}

/** The worker's settings with another database user and the vault's private key: of `.local/custodian.env`. */
export function custodianEnvironment(addresses: LocalAddresses): Record<string, string> {
  return {
    ...localEnvironment(addresses),
    VAULT_PRIVATE_KEY_FILE: join(addresses.keys, KEY_FILE_NAMES.vaultPrivateKey),
  };
}

/** The worker's: nothing that the shell has set may point it at something that is not local. */
export function workerEnvironment(local: Record<string, string>): NodeJS.ProcessEnv {
  return environmentWithOnly({
    ...local,
    AWS_EC2_METADATA_DISABLED: 'true',
    WORKER_SHUTDOWN_GRACE_SECONDS: '4',
  });
}
