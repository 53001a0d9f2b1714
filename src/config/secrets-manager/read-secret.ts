import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PRINT_SECRET = fileURLToPath(new URL('./print-secret.ts', import.meta.url));
const TIMEOUT_MS = 20_000;

/**
 * The text of a secret in AWS Secrets Manager. All settings are read at once, before anything else runs; the client
 * can only be waited for, so it does its work in a process of its own.
 * @throws an Error that names what went wrong as AWS calls it, and no value
 */
export function readSecret(id: string, env: Readonly<Record<string, string | undefined>>): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PRINT_SECRET, id], {
    env: { ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  if (status === 0) return stdout.trim();
  throw new Error(/^\w+$/.test(stderr ?? '') ? stderr : 'no answer');
}
