import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { executableName, findOnPath, isExecutableFile } from '../process/executable-file.ts';
import { withLock } from '../process/lock-file.ts';
import { buildTemporal } from './build-temporal.ts';
import { defaultCacheDirectory } from './cache-directory.ts';
import { downloadTemporal } from './download-temporal.ts';
import { type ObtainTemporal, obtainTemporal } from './obtain-temporal.ts';

type FindTemporalOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDirectory?: string | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tried in this order. Tests pass their own. */
  readonly waysToObtain?: readonly ObtainTemporal[] | undefined;
};

/** Finds the Temporal server's binary in TEMPORAL_CLI_PATH, on the PATH or in our cache, else downloads or builds it. */
export async function findTemporalBinary(options: FindTemporalOptions): Promise<string> {
  const { env } = options;
  if (env.TEMPORAL_CLI_PATH) return await namedBySetting(env.TEMPORAL_CLI_PATH);
  const onPath = await findOnPath('temporal', env);
  if (onPath !== undefined) return onPath;

  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory(env);
  const cached = join(cacheDirectory, executableName('temporal'));
  if (await isExecutableFile(cached)) return cached;
  await makeCacheDirectory(cacheDirectory);
  const { signal, onProgress = () => {} } = options;
  const ways = options.waysToObtain ?? [downloadTemporal, buildTemporal];
  return await withLock(
    `${cached}.lock`,
    async () => {
      // The previous holder of the lock may have obtained it.
      if (await isExecutableFile(cached)) return cached;
      return await obtainTemporal(cached, ways, { env, onProgress, signal });
    },
    { signal, onWait: () => onProgress('Another process is getting the Temporal binary: waiting') },
  );
}

async function namedBySetting(path: string): Promise<string> {
  const binary = resolve(path);
  if (await isExecutableFile(binary)) return binary;
  throw new Error(
    `TEMPORAL_CLI_PATH is ${path}, which is not an executable file. ` +
      "Set it to the Temporal CLI's binary, or leave it unset",
  );
}

async function makeCacheDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new Error(
      `No cache directory for the Temporal binary (${directory}): ${(error as Error).message}. ` +
        'Set XDG_CACHE_HOME to a directory you can write to, or TEMPORAL_CLI_PATH to a binary',
    );
  }
}
