import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programEnvironment } from '../../support/program-environment.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';

const run = promisify(execFile);

/** The programs of an earlier release, from this repository's history. */
export type EarlierRelease = {
  worker: string;
  /** Runs `login-etl` of that release. @returns what it printed */
  command(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
};

export async function isInHistory(commit: string): Promise<boolean> {
  return run('git', ['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
}

export async function installRelease(commit: string): Promise<EarlierRelease> {
  const directory = await makeTestDirectory('release');
  const archive = join(directory, 'release.tar');
  await run('git', ['archive', '--output', archive, commit]);
  await run('tar', ['-xf', archive, '-C', directory]);
  await run('npm', ['ci', '--prefer-offline', '--ignore-scripts'], { cwd: directory });
  return {
    worker: join(directory, 'src/worker.ts'),
    async command(args, env) {
      const { stdout } = await run(
        process.execPath,
        [join(directory, 'src/cli/main.ts'), ...args],
        { env: { ...programEnvironment(), ...env } },
      );
      return stdout;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
