import { join } from 'node:path';

import { executableName, findOnPath } from '../process/executable-file.ts';
import { runToCompletion } from '../process/run-to-completion.ts';
import type { ObtainRequest } from './obtain-temporal.ts';

// Later versions replace modules in their go.mod, which `go install` refuses.
const goPackage = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const progressIntervalMs = 5_000;

/** Builds the Temporal CLI from source with the machine's Go. */
export async function buildTemporal(request: ObtainRequest): Promise<string> {
  const { directory, env, onProgress, signal } = request;
  const go = await findOnPath('go', env);
  if (go === undefined) throw new Error('Building it: Go is not on the PATH');

  const startedAt = Date.now();
  onProgress('Building the Temporal server with Go: once only, it takes several minutes');
  const ticking = setInterval(() => {
    const elapsedSeconds = Math.round((Date.now() - startedAt) / 1000);
    onProgress(`Building the Temporal server with Go: ${elapsedSeconds} s so far`);
  }, progressIntervalMs);
  try {
    await runToCompletion({
      name: `Building it: go install ${goPackage}`,
      command: go,
      args: ['install', goPackage],
      cwd: directory,
      // Build for this machine: Go refuses GOBIN when the shell's settings cross-compile.
      env: { ...env, GOBIN: directory, GOOS: undefined, GOARCH: undefined, GOFLAGS: undefined },
      signal,
    });
  } finally {
    clearInterval(ticking);
  }
  return join(directory, executableName('temporal'));
}
