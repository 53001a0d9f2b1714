import { join } from 'node:path';
import { environmentWithOnly } from '../config/process-environment.ts';
import { KEY_FILE_NAMES } from '../crypto/keys/generate-keys.ts';

/** The emulator accepts any region, if all clients use the same. */
export const LOCAL_REGION = 'us-east-1';
/** The emulator accepts any credentials; real ones are not sent to it. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

type LocalAddresses = {
  sqsEndpoint: string;
  databaseUrl: string;
  temporalAddress: string;
  keys: string;
};

/** The settings of the local stack, in `.local/env` and for the worker. They contain no private key. */
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

/** The settings in `.local/custodian.env`: the worker's, with another database user and the vault's private key. */
export function custodianEnvironment(addresses: LocalAddresses): Record<string, string> {
  return {
    ...localEnvironment(addresses),
    VAULT_PRIVATE_KEY_FILE: join(addresses.keys, KEY_FILE_NAMES.vaultPrivateKey),
  };
}

/** The settings in `.local/codec-server.env`: a custodian's database user, and no private key, which it refuses. */
export function codecServerEnvironment(options: {
  port: number;
  webUi: string;
  databaseUrl: string;
  keys: string;
  tokenFile: string;
}): Record<string, string> {
  return {
    CODEC_SERVER_ADDRESS: `127.0.0.1:${options.port}`,
    CODEC_SERVER_TOKEN_FILE: options.tokenFile,
    CODEC_SERVER_TOKEN_NAME: 'local',
    CODEC_SERVER_UI_ORIGIN: options.webUi,
    DATABASE_URL: options.databaseUrl,
    PAYLOAD_KEYS_FILE: join(options.keys, KEY_FILE_NAMES.payloadKeys),
  };
}

/** The settings in `.local/api.env`. With the masking keys, for lookups of plain values. */
export const apiEnvironment = (options: {
  port: number;
  databaseUrl: string;
  keys: string;
  tokensFile: string;
}): Record<string, string> => ({
  API_ADDRESS: `127.0.0.1:${options.port}`,
  API_TOKENS_FILE: options.tokensFile,
  DATABASE_URL: options.databaseUrl,
  MASKING_KEYS_FILE: join(options.keys, KEY_FILE_NAMES.maskingKeys),
});

/** The worker's environment. Settings of the shell are dropped, so that they can't point it at a remote server. */
export function workerEnvironment(local: Record<string, string>): NodeJS.ProcessEnv {
  return environmentWithOnly({
    ...local,
    AWS_EC2_METADATA_DISABLED: 'true',
    WORKER_SHUTDOWN_GRACE_SECONDS: '4',
  });
}
