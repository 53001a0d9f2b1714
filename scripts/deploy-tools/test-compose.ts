import { buildImages, buildStandIns } from './container-images.ts';
import { buildTools, requirePrograms, runIsolated } from './isolated-run.ts';
import { COMPOSE_TOOLS } from './tools.ts';

// A program that runs test/compose, the services of docker-compose.yml as containers of Podman, after it has built what that
// needs, and that leaves nothing of it behind. It must run as root on Debian. Arguments go to Vitest.
const PACKAGES = [
  ...['aardvark-dns', 'buildah', 'catatonit', 'conmon', 'iproute2', 'iptables', 'mmdebstrap'],
  ...['netavark', 'podman', 'python3-pip', 'runc', 'util-linux'],
];
const PROGRAMS = [
  ...['buildah', 'go', 'ip', 'iptables', 'mmdebstrap', 'podman', 'python3', 'runc'],
  ...['setpriv', 'unshare'],
];

requirePrograms(PROGRAMS, PACKAGES);
buildTools(COMPOSE_TOOLS);
if (!buildImages() || !(await buildStandIns())) process.exit(1);
process.stderr.write('The tests take about three minutes\n');
process.exit(await runIsolated('vitest.compose.config.ts', process.argv.slice(2)));
