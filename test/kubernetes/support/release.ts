import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toolPath } from '../../../scripts/deploy-tools/directory.ts';
import type { Cluster } from './cluster.ts';

const CHART = fileURLToPath(new URL('../../../deploy/helm/login-etl', import.meta.url));

export type HelmResult = { exitCode: number; output: string };
export type Helm = (...args: string[]) => Promise<HelmResult>;

export const helmOf =
  ({ kubeconfig, directory }: Cluster): Helm =>
  async (...args) => {
    const env = { ...process.env, HELM_CACHE_HOME: join(directory, 'helm') };
    const all = ['--kubeconfig', kubeconfig, ...args];
    return promisify(execFile)(toolPath('helm'), all, { env, maxBuffer: 2 ** 26 }).then(
      ({ stdout, stderr }) => ({ exitCode: 0, output: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        exitCode: error.code,
        output: error.stdout + error.stderr,
      }),
    );
  };

/** `helm upgrade --install`, with values as an object. */
export async function install(
  helm: Helm,
  cluster: Cluster,
  { release, namespace, values, wait = true }: InstallOptions,
): Promise<HelmResult> {
  const file = join(cluster.directory, `${release}-values.json`);
  await writeFile(file, JSON.stringify(values));
  return helm(
    ...['upgrade', '--install', release, CHART, '--namespace', namespace, '--values', file],
    ...(wait ? ['--wait', '--timeout', '4m'] : []),
  );
}

type InstallOptions = { release: string; namespace: string; values: object; wait?: boolean };
