import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PRINT_SECRET = fileURLToPath(new URL('./print-secret.ts', import.meta.url));
const TIMEOUT_MS = 20_000;

/**
 * Returns the text of a secret in AWS Secrets Manager. Settings are read synchronously, but the AWS client is
 * asynchronous, so it runs in a separate process.
 * @throws Error with the name of the AWS error, without any value
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
