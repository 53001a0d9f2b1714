import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { toolPath } from '../../../scripts/deploy-tools/directory.ts';
import { TOOLS } from '../../../scripts/deploy-tools/tools.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startProcess } from '../../../src/local/process/child-process.ts';
import type { UndoList } from '../../support/undo-list.ts';
import type { Cluster } from './cluster.ts';

/** KEDA's operator on this machine. Without its metrics adapter, it scales from 0 to 1 and back. */
export async function startKeda(cluster: Cluster, undo: UndoList): Promise<void> {
  const { module, version } = TOOLS['keda-operator'] ?? { module: '', version: '' };
  const source = JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { encoding: 'utf8' }),
  ) as { Dir: string };
  for (const file of globSync(join(source.Dir, 'config/crd/bases/*.yaml'))) {
    await cluster.kubectl('apply', '--server-side', '-f', file);
  }
  await cluster.kubectl('create', 'namespace', 'keda');
  const [metrics, health, grpc] = [await freePort(), await freePort(), await freePort()];
  const operator = await startProcess({
    name: 'KEDA',
    command: toolPath('keda-operator'),
    args: [
      ...['--kubeconfig', cluster.kubeconfig, '--leader-elect=false'],
      ...[`--metrics-bind-address=127.0.0.1:${metrics}`],
      ...[`--health-probe-bind-address=127.0.0.1:${health}`],
      ...[`--metrics-service-bind-address=127.0.0.1:${grpc}`],
      ...['--enable-cert-rotation=false', `--cert-dir=${join(cluster.directory, 'keda')}`],
    ],
    env: {
      ...process.env,
      KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda',
      POD_NAMESPACE: 'keda',
      WATCH_NAMESPACE: '',
    },
    logFile: join(cluster.directory, 'keda.log'),
  });
  undo.push(() => operator.stop());
}
