import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { IMAGE, imagesDirectory } from '../../scripts/deploy-tools/container-images.ts';
import { toolPath } from '../../scripts/deploy-tools/directory.ts';
import { requireIsolation } from '../../scripts/deploy-tools/isolated-run.ts';
import { startProcess } from '../../src/local/process/child-process.ts';
import { ROOT } from '../docs/documents.ts';
import type { UndoList } from '../support/undo-list.ts';

export type Result = { exitCode: number; output: string };
export type Run = (...args: string[]) => Promise<Result>;

/** Docker Compose, which talks to Podman as if it were Docker. */
export type Engine = { compose: Run; podman: Run };

export async function startEngine(undo: UndoList): Promise<Engine> {
  requireIsolation();
  const directory = await mkdtemp(join(tmpdir(), 'podman-'));
  const at = (name: string) => join(directory, name);
  await mkdir(at('networks'));
  const mount = (...args: string[]) => promisify(execFile)('mount', args);
  // Network namespaces are mounted there.
  await mount('-t', 'tmpfs', 'tmpfs', '/run');
  // No name server is reached from here: let questions about other names than the services' fail at once.
  await writeFile(at('resolv.conf'), 'nameserver 127.0.0.1\n');
  await mount('--bind', at('resolv.conf'), '/etc/resolv.conf');
  await writeFile(
    at('storage.conf'),
    `[storage]
driver = "overlay"
graphroot = "${at('root')}"
runroot = "${at('run')}"
[storage.options]
additionalimagestores = ["${join(imagesDirectory(), 'storage')}"]
`,
  );
  await writeFile(
    at('containers.conf'),
    `[network]
network_backend = "netavark"
network_config_dir = "${at('networks')}"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "${at('tmp')}"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
init_path = "/usr/libexec/podman/catatonit"
`,
  );
  // The image is there already; building it here would need a registry.
  const services = ['keys', 'migrate', 'schedule', 'worker', 'api', 'custodian', 'samples'];
  await writeFile(
    at('built.yml'),
    [
      'services:',
      ...services.map((name) => `  ${name}: { pull_policy: never, build: !reset null }`),
    ].join('\n'),
  );
  const env = {
    ...process.env,
    COMPOSE_FILE: `${join(ROOT, 'docker-compose.yml')}:${at('built.yml')}`,
    CONTAINERS_STORAGE_CONF: at('storage.conf'),
    CONTAINERS_CONF: at('containers.conf'),
    DOCKER_HOST: `unix://${at('podman.sock')}`,
    HOME: directory,
  };
  const runner =
    (program: string, ...first: string[]): Run =>
    async (...args) => {
      const running = promisify(execFile)(program, [...first, ...args], {
        cwd: ROOT,
        env,
        maxBuffer: 2 ** 26,
      });
      // Through Podman's socket, `exec` lasts until its standard input is closed.
      running.child.stdin?.end();
      return running.then(
        ({ stdout, stderr }) => ({ exitCode: 0, output: stdout + stderr }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          exitCode: error.code,
          output: error.stdout + error.stderr,
        }),
      );
    };
  const podman = runner('podman');
  const service = await startProcess({
    name: 'Podman',
    command: 'podman',
    args: ['system', 'service', '--time', '0', `unix://${at('podman.sock')}`],
    env,
    logFile: at('podman.log'),
  });
  undo.push(() => service.stop());
  await vi.waitFor(
    async () => {
      const { exitCode, output } = await podman(
        '--remote',
        '--url',
        `unix://${at('podman.sock')}`,
        'info',
      );
      if (exitCode !== 0) throw new Error(output);
    },
    { timeout: 60_000, interval: 500 },
  );
  const tagged = await podman('tag', IMAGE, 'docker.io/library/login-etl:local');
  if (tagged.exitCode !== 0) throw new Error(tagged.output);
  undo.push(checkHealth(podman));
  return { podman, compose: runner(toolPath('docker-compose'), '--ansi', 'never') };
}

/** Podman leaves health checks to timers of systemd, which does not run here. @returns what stops the checks */
function checkHealth(podman: Run): () => Promise<void> {
  let stopped = false;
  const checking = (async () => {
    while (!stopped) {
      const { output } = await podman('ps', '--quiet');
      for (const id of output.trim().split('\n').filter(Boolean)) {
        await podman('healthcheck', 'run', id);
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  })();
  return async () => {
    stopped = true;
    await checking;
  };
}
