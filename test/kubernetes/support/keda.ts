import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFailed, vi } from 'vitest';
import { toolPath } from '../../../scripts/deploy-tools/directory.ts';
import { TOOLS } from '../../../scripts/deploy-tools/tools.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startProcess } from '../../../src/local/process/child-process.ts';
import type { UndoList } from '../../support/undo-list.ts';
import { makeCertificate } from './certificate.ts';
import type { Cluster } from './cluster.ts';
import { NODE_ADDRESS } from './network.ts';

const NAMESPACE = 'keda';
const METRICS = 'external.metrics.k8s.io';
const READY = { timeout: 120_000, interval: 500 };

/** KEDA beside the cluster: its operator scales from 0 to 1 and back, its metrics adapter beyond. */
export async function startKeda(cluster: Cluster, undo: UndoList): Promise<void> {
  const { module, version } = TOOLS['keda-operator'] ?? { module: '', version: '' };
  const source = JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { encoding: 'utf8' }),
  ) as { Dir: string };
  for (const file of globSync(join(source.Dir, 'config/crd/bases/*.yaml'))) {
    await cluster.kubectl('apply', '--server-side', '-f', file);
  }
  await cluster.kubectl('create', 'namespace', NAMESPACE);
  const certificates = await makeCertificate(join(cluster.directory, 'keda'));
  const env = {
    ...process.env,
    KEDA_CLUSTER_OBJECT_NAMESPACE: NAMESPACE,
    POD_NAMESPACE: NAMESPACE,
    WATCH_NAMESPACE: '',
    KUBECONFIG: cluster.kubeconfig,
  };
  const start = async (name: string, args: string[]): Promise<void> => {
    const logFile = join(cluster.directory, `${name}.log`);
    const started = await startProcess({ name, command: toolPath(name), args, env, logFile });
    undo.push(() => started.stop());
    onTestFailed(() => {
      process.stderr.write(`${name}: ${started.lastLines(40)}\n`);
    });
  };
  const [metrics, health, grpc] = [await freePort(), await freePort(), await freePort()];
  await start('keda-operator', [
    ...['--kubeconfig', cluster.kubeconfig, '--leader-elect=false'],
    ...[`--metrics-bind-address=127.0.0.1:${metrics}`],
    ...[`--health-probe-bind-address=127.0.0.1:${health}`],
    ...[`--metrics-service-bind-address=127.0.0.1:${grpc}`],
    ...['--enable-cert-rotation=false', `--cert-dir=${certificates}`],
  ]);
  const [adapter, adapterMetrics] = [await freePort(), await freePort()];
  await start('keda-adapter', [
    ...['--lister-kubeconfig', cluster.kubeconfig],
    ...['--authentication-kubeconfig', cluster.kubeconfig],
    ...['--authorization-kubeconfig', cluster.kubeconfig],
    ...[`--bind-address=${NODE_ADDRESS}`, `--secure-port=${adapter}`, `--port=${adapterMetrics}`],
    ...[`--metrics-service-address=127.0.0.1:${grpc}`, `--cert-dir=${certificates}`],
    ...[
      `--tls-cert-file=${certificates}/tls.crt`,
      `--tls-private-key-file=${certificates}/tls.key`,
    ],
  ]);
  await registerMetrics(cluster, adapter);
}

/** A Service without a selector leads the API server to the adapter, which runs outside of the cluster. */
async function registerMetrics(cluster: Cluster, port: number): Promise<void> {
  const metadata = { name: 'metrics', namespace: NAMESPACE };
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
  });
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata,
    subsets: [{ addresses: [{ ip: NODE_ADDRESS }], ports: [{ name: 'https', port }] }],
  });
  await cluster.apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1beta1.${METRICS}` },
    spec: {
      service: metadata,
      group: METRICS,
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
    },
  });
  await vi.waitFor(() => cluster.kubectl('get', '--raw', `/apis/${METRICS}/v1beta1`), READY);
}
