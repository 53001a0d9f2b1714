import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { imagesDirectory, PAUSE_IMAGE } from '../../../scripts/deploy-tools/container-images.ts';
import { toolPath } from '../../../scripts/deploy-tools/directory.ts';
import { requireIsolation } from '../../../scripts/deploy-tools/isolated-run.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startProcess } from '../../../src/local/process/child-process.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import type { UndoList } from '../../support/undo-list.ts';
import { makeCertificate } from './certificate.ts';
import { BRIDGE, makeBridge, NODE_ADDRESS, POD_NETWORK } from './network.ts';

const NODE = 'node';
const TOKEN = 'test-administrator';
const READY = { timeout: 180_000, interval: 500 };

export type Cluster = {
  directory: string;
  kubeconfig: string;
  /** @returns what it writes to standard output */
  kubectl(...args: string[]): Promise<string>;
  apply(manifest: object): Promise<void>;
};

/**
 * A cluster of one node on this machine: etcd, the control plane, containerd and a kubelet, all stopped by `undo`. What they
 * leave behind (containers, mounts, interfaces) ends with the namespaces that scripts/deploy-tools/test-kubernetes.ts makes.
 */
export async function startCluster(undo: UndoList): Promise<Cluster> {
  requireIsolation();
  const directory = await makeTestDirectory('kubernetes');
  await makeBridge();
  const at = (name: string) => join(directory, name);
  const start = async (name: string, command: string, args: string[]) => {
    const process = await startProcess({
      name,
      command,
      args,
      logFile: at(`${name}.log`),
      stopSteps: [{ signal: 'SIGTERM', waitMs: 20_000 }],
    });
    undo.push(() => process.stop());
  };

  const [etcd, etcdPeer, api] = [await freePort(), await freePort(), await freePort()];
  await start('etcd', 'etcd', [
    ...['--data-dir', at('etcd'), '--log-level', 'error', '--unsafe-no-fsync'],
    ...['--listen-client-urls', `http://127.0.0.1:${etcd}`],
    ...['--advertise-client-urls', `http://127.0.0.1:${etcd}`],
    ...['--listen-peer-urls', `http://127.0.0.1:${etcdPeer}`],
  ]);

  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  await writeFile(at('accounts.key'), privateKey.export(pem), { mode: 0o600 });
  await writeFile(at('accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(at('tokens.csv'), `${TOKEN},admin,admin,system:masters\n`, { mode: 0o600 });
  const proxy = await makeCertificate(at('proxy'));
  await start('kube-apiserver', toolPath('kube-apiserver'), [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    ...['--bind-address=127.0.0.1', `--secure-port=${api}`, `--cert-dir=${at('api')}`],
    ...['--authorization-mode=RBAC', `--token-auth-file=${at('tokens.csv')}`],
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at('accounts.pub')}`,
    `--service-account-signing-key-file=${at('accounts.key')}`,
    '--service-cluster-ip-range=10.46.0.0/24',
    '--kubelet-preferred-address-types=InternalIP',
    // There is no kube-proxy: the server behind an APIService is reached at its endpoint.
    '--enable-aggregator-routing=true',
    `--requestheader-client-ca-file=${proxy}/ca.crt`,
    `--proxy-client-cert-file=${proxy}/tls.crt`,
    `--proxy-client-key-file=${proxy}/tls.key`,
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ]);
  const kubeconfig = at('kubeconfig.json');
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(api)), { mode: 0o600 });
  const kubectl = async (...args: string[]) => {
    const all = ['--kubeconfig', kubeconfig, ...args];
    const { stdout } = await promisify(execFile)(toolPath('kubectl'), all, { maxBuffer: 2 ** 26 });
    return stdout;
  };
  await vi.waitFor(() => kubectl('get', '--raw', '/readyz'), READY);

  const manager = [
    ...['--service-account-private-key-file', at('accounts.key')],
    ...['--horizontal-pod-autoscaler-sync-period=2s'],
    ...['--horizontal-pod-autoscaler-downscale-stabilization=5s'],
  ];
  for (const [name, extra] of [
    ['kube-controller-manager', manager],
    ['kube-scheduler', []],
  ] as const) {
    const own = ['--bind-address=127.0.0.1', `--secure-port=${await freePort()}`];
    const args = ['--kubeconfig', kubeconfig, '--leader-elect=false', ...own, ...extra];
    await start(name, toolPath(name), args);
  }

  const containerd = await startContainerd(directory, start);
  for (const name of ['pause', 'login-etl']) {
    const archive = join(imagesDirectory(), `${name}.tar`);
    const args = ['--address', containerd, '--namespace', 'k8s.io', 'images', 'import', archive];
    await vi.waitFor(() => promisify(execFile)('ctr', args), READY);
  }
  await startKubelet(directory, kubeconfig, containerd, start);
  await vi.waitFor(() => kubectl('get', 'node', NODE), READY);
  await kubectl('wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=180s');
  return {
    directory,
    kubeconfig,
    kubectl,
    apply: async (manifest) => {
      const file = at(`manifest-${performance.now()}.json`);
      await writeFile(file, JSON.stringify(manifest));
      await kubectl('apply', '--server-side', '-f', file);
    },
  };
}

type Start = (name: string, command: string, args: string[]) => Promise<void>;

const kubeconfigOf = (port: number) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    {
      name: 'test',
      cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
    },
  ],
  users: [{ name: 'admin', user: { token: TOKEN } }],
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  'current-context': 'test',
});

/** @returns the address of its socket */
async function startContainerd(directory: string, start: Start): Promise<string> {
  const at = (name: string) => join(directory, name);
  const address = at('containerd.sock');
  await mkdir(at('cni'), { recursive: true });
  await writeFile(
    at('cni/10-bridge.conflist'),
    JSON.stringify({
      cniVersion: '0.4.0',
      name: 'login-etl',
      plugins: [
        {
          type: 'bridge',
          bridge: BRIDGE,
          isGateway: false,
          ipam: {
            type: 'host-local',
            dataDir: at('cni-state'),
            ranges: [[{ subnet: POD_NETWORK, gateway: NODE_ADDRESS }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
      ],
    }),
  );
  await writeFile(
    at('containerd.toml'),
    `version = 2
root = "${at('containerd')}"
state = "${at('containerd-run')}"
[grpc]
  address = "${address}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${at('cni')}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${at('containerd-opt')}"
`,
  );
  await start('containerd', 'containerd', ['--config', at('containerd.toml')]);
  return address;
}

async function startKubelet(
  directory: string,
  kubeconfig: string,
  containerd: string,
  start: Start,
): Promise<void> {
  const at = (name: string) => join(directory, name);
  const config = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: NODE_ADDRESS,
    port: await freePort(),
    healthzPort: 0,
    // It listens on a bridge of this machine only.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${containerd}`,
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    resolvConf: '',
    podLogsDir: at('pod-logs'),
    volumePluginDir: at('volume-plugins'),
    evictionHard: { 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    syncFrequency: '5s',
  };
  await writeFile(at('kubelet.json'), JSON.stringify(config));
  await start('kubelet', toolPath('kubelet'), [
    ...['--config', at('kubelet.json'), '--kubeconfig', kubeconfig],
    ...['--root-dir', at('kubelet'), '--cert-dir', at('kubelet-certificates')],
    ...['--hostname-override', NODE, '--node-ip', NODE_ADDRESS],
  ]);
}
