import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runToCompletion } from '../process/run-to-completion.ts';

export type ObtainRequest = {
  /** An empty directory, which is removed afterwards. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal | undefined;
};

/** Obtains the binary: returns its path below `directory`, or throws with the reason. */
export type ObtainTemporal = (request: ObtainRequest) => Promise<string>;

/** Tries the ways in turn and moves a working binary to the destination in one step. */
export async function obtainTemporal(
  destination: string,
  ways: readonly ObtainTemporal[],
  request: Omit<ObtainRequest, 'directory'>,
): Promise<string> {
  const { signal } = request;
  const failures: string[] = [];
  for (const way of ways) {
    const directory = await mkdtemp(join(dirname(destination), 'getting-'));
    try {
      const binary = await way({ ...request, directory });
      // A binary that does not run here (damaged, wrong libc) must not get into the cache.
      await runToCompletion({
        name: 'The Temporal binary',
        command: binary,
        args: ['--version'],
        timeoutMs: 30_000,
        signal,
      });
      await rename(binary, destination);
      return destination;
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`- ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  throw new Error(noBinary(failures));
}

function noBinary(failures: readonly string[]): string {
  return [
    'There is no Temporal server binary on this machine, and it could not be got:',
    ...failures,
    'Three ways to get one:',
    '1. Set TEMPORAL_CLI_PATH to the binary of the Temporal CLI, if you have it somewhere.',
    '2. Install the Temporal CLI so that `temporal` is on the PATH: https://docs.temporal.io/cli',
    '3. Install Go (https://go.dev/dl): the binary is then built once, which takes a few minutes.',
  ].join('\n');
}
