import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToCompletion } from '../process/run-to-completion.ts';
import type { ObtainRequest } from './obtain-temporal.ts';

const timeoutMs = 120_000;
const progressIntervalMs = 5_000;
const script = fileURLToPath(new URL('./sdk-download.ts', import.meta.url));

/**
 * Lets the Temporal SDK download the CLI in a separate process: the SDK downloads only by starting a server, which would
 * fix this process' runtime settings, and a hung download can be killed. On a closed network it fails at once.
 */
export async function downloadTemporal(request: ObtainRequest): Promise<string> {
  const { directory, env, onProgress, signal } = request;
  const startedAt = Date.now();
  onProgress("Getting the Temporal server by the SDK's download");
  const ticking = setInterval(() => {
    const elapsedSeconds = Math.round((Date.now() - startedAt) / 1000);
    onProgress(`Getting the Temporal server by the SDK's download: ${elapsedSeconds} s so far`);
  }, progressIntervalMs);
  try {
    await runToCompletion({
      name: "The SDK's download",
      command: process.execPath,
      args: [script, directory],
      env,
      timeoutMs,
      signal,
    });
  } finally {
    clearInterval(ticking);
  }
  const file = (await readdir(directory)).find((name) => /^temporal-[^/]*\d(\.exe)?$/.test(name));
  if (file === undefined) throw new Error("The SDK's download left no binary behind");
  return join(directory, file);
}
