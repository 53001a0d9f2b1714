import { buildImages } from './container-images.ts';
import { buildTools, requirePrograms, run, runIsolated } from './isolated-run.ts';
import { CHECK_TOOLS, CLUSTER_TOOLS } from './tools.ts';

// A program that runs test/kubernetes on a cluster of one node on this machine, after it has built what that needs, and
// that leaves nothing of it behind. It must run as root on Debian. Arguments go to Vitest.
const PACKAGES = [
  ...['buildah', 'conntrack', 'containerd', 'containernetworking-plugins', 'etcd-server'],
  ...['iproute2', 'iptables', 'mmdebstrap', 'openssl', 'runc', 'util-linux'],
];
const PROGRAMS = [
  'buildah',
  'containerd',
  'conntrack',
  'ctr',
  'etcd',
  'go',
  'ip',
  'mmdebstrap',
  'openssl',
  'runc',
  'setpriv',
  'unshare',
];

requirePrograms(PROGRAMS, PACKAGES);
buildTools({ helm: CHECK_TOOLS.helm, ...CLUSTER_TOOLS });
// The tests, which have no network, need its CustomResourceDefinitions.
const { module, version } = CLUSTER_TOOLS['keda-operator'];
run('go', 'mod', 'download', `${module}@${version}`);
if (!buildImages()) process.exit(1);
process.stderr.write('The tests take about ten minutes\n');
process.exit(await runIsolated('vitest.kubernetes.config.ts', process.argv.slice(2)));
