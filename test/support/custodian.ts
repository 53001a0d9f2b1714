import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/config.ts';
import { KEY_FILE_NAMES } from '../../src/crypto/keys/generate-keys.ts';
import { createMasker } from '../../src/crypto/keys/masker.ts';
import { parseVaultPrivateKey } from '../../src/crypto/vault/vault-opener.ts';
import { CUSTODIAN_SECTIONS, startCustodian } from '../../src/custodian.ts';
import type { Masker } from '../../src/domain/login/masking.ts';
import { appendAuditRecord } from '../../src/postgres/audit/append-audit-record.ts';
import type { Stack } from './stack.ts';
import { testRuntime } from './test-runtime.ts';
import { startWorkerProcess, untilRunning, type WorkerProcess } from './worker-process.ts';

const CUSTODIAN = fileURLToPath(new URL('../../src/custodian.ts', import.meta.url));

export const vaultPrivateKey = (stack: Stack) =>
  parseVaultPrivateKey(stack.keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '');

/** The settings of a custodian's worker: the private key, its own database user, and no queue. */
export function custodianEnv(stack: Stack, maskingKeys: string): Record<string, string> {
  const ours = Object.entries(stack.env).filter(([name]) => !/^(AWS|SQS)_/.test(name));
  return {
    ...Object.fromEntries(ours),
    DATABASE_URL: stack.databaseUrls.custodian,
    MASKING_KEYS: maskingKeys,
    VAULT_PRIVATE_KEY: stack.keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '',
  };
}

/** As `login-etl remask start` does: what a rotation's input needs, on record. */
export async function requested(stack: Stack, reason: string) {
  const requestId = randomUUID();
  await appendAuditRecord(stack.pool, {
    action: 'rotation.request',
    reason,
    detail: { requestId },
  });
  return { reason, requestId };
}

/** Starts a custodian's worker in this process. @returns a function that stops it */
export async function startTestCustodian(
  stack: Stack,
  maskingKeys: string,
  more: Record<string, string> = {},
): Promise<() => Promise<void>> {
  const env = { ...custodianEnv(stack, maskingKeys), ...more };
  const config = loadConfig(CUSTODIAN_SECTIONS, env);
  const worker = await startCustodian(config, testRuntime().logger);
  return async () => {
    await worker.stop();
    await worker.done;
  };
}

/** Starts a custodian's worker as a process, and waits until it is running. */
export const spawnCustodian = async (stack: Stack, maskingKeys: string): Promise<WorkerProcess> =>
  untilRunning(await startWorkerProcess(custodianEnv(stack, maskingKeys), CUSTODIAN));

/** Adds a masking key and makes it the active one. */
export function addMaskingKey(maskingKeys: string, id: string, secret: Buffer): string {
  const { keys } = JSON.parse(maskingKeys) as { keys: Record<string, string> };
  return JSON.stringify({ active: id, keys: { ...keys, [id]: secret.toString('base64') } });
}

export function maskerOf(maskingKeys: string): Masker {
  return createMasker(loadConfig(['masking'], { MASKING_KEYS: maskingKeys }).masking);
}
