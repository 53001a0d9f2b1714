import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IMAGE } from '../../scripts/deploy-tools/container-images.ts';
import { ROOT } from '../docs/documents.ts';
import { UndoList } from '../support/undo-list.ts';
import { type Engine, startEngine } from './podman.ts';

const SOON = { timeout: 200_000, interval: 500 };
const undo = new UndoList();
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(undo);
});
afterAll(() => undo.run());

async function compose(...args: string[]): Promise<string> {
  const { exitCode, output } = await engine.compose(...args);
  expect(exitCode, output).toBe(0);
  return output.trim();
}

/** In containers of their own. Podman lists networks by name, so Compose would start what they depend on again. */
const RUN = ['run', '--no-deps', '-T'] as const;

const query = (sql: string) =>
  compose(
    ...['exec', '-T', 'postgres', 'psql', '-h', '127.0.0.1', '-U', 'login_etl', 'logins', '-At'],
    ...['-v', 'ON_ERROR_STOP=1', '-c', sql],
  );

const send = (count: number) =>
  compose(
    ...[...RUN, '--rm', '--entrypoint', 'sh', 'samples', '-euc'],
    `for i in $(seq ${count / 100}); do cat samples/logins.jsonl; done | login-etl send -`,
  );

const inWorker = (...args: string[]) => compose('exec', '-T', 'worker', 'login-etl', ...args);

/** How many messages are in each of the two tables. */
async function stored(): Promise<{ rows: number; quarantined: number }> {
  const count = async (table: string) => Number(await query(`select count(*) from ${table}`));
  return { rows: await count('user_logins'), quarantined: await count('quarantine') };
}

test('up starts all services in order, and each is healthy', async () => {
  await compose('up', '--wait', '--no-build');
  const services = await compose('ps', '--all', '--format', '{{.Service}} {{.State}} {{.Health}}');
  expect(services.split('\n').sort()).toEqual([
    'api running healthy',
    'keys exited ',
    'migrate exited ',
    'postgres running healthy',
    'schedule exited ',
    'sqs running healthy',
    'temporal running healthy',
    'worker running healthy',
  ]);
});

test('the sample messages are stored, masked, the bad one in quarantine, and doctor finds nothing to fix', async () => {
  await compose(...RUN, '--rm', 'samples');
  await expect.poll(stored, SOON).toEqual({ rows: 99, quarantined: 1 });
  expect(await query(`select count(*) from user_logins where masked_ip ~ '^[0-9.]+$'`)).toBe('0');
  await inWorker('doctor');
});

test('the containers run as another user than root, and cannot change their image', async () => {
  const { output } = await engine.podman(
    ...['exec', 'login-etl-worker-1', 'sh', '-c', 'id -u; touch /app/x || echo read-only'],
  );
  expect(output).toMatch(/^1000\n[\s\S]*read-only/);
});

const ask = async (...args: string[]) => (await engine.podman(...args)).output.trim();

test('the image adds at most 250 MB to its base, and a worker runs after three seconds of CPU at most', async () => {
  const [, base = ''] =
    /^FROM (\S+) AS base$/m.exec(await readFile(`${ROOT}Dockerfile`, 'utf8')) ?? [];
  const size = async (image: string) =>
    Number(await ask('image', 'inspect', '--format', '{{.Size}}', image)) / 1_000_000;
  const added = (await size(IMAGE)) - (await size(`docker.io/library/${base}`));
  const starts = [await startWorker(), await startWorker(), await startWorker()];
  const shown = starts.map(({ wall, cpu }) => `${wall} s (CPU: ${cpu} s)`);
  process.stdout.write(
    `The image adds ${added.toFixed()} MB; a worker ran after ${shown.join(', ')}\n`,
  );
  expect(added).toBeLessThan(250);
  // Other programs may take most of the machine: it needs little of it.
  expect(Math.min(...starts.map(({ wall, cpu }) => Math.min(wall, cpu)))).toBeLessThan(3);
});

/** @returns the seconds until it ran, with Temporal, the queue and Postgres reached */
async function startWorker(): Promise<{ wall: number; cpu: number }> {
  await compose('restart', 'worker');
  const name = 'login-etl-worker-1';
  const startedAt = await ask('inspect', '--format', '{{.State.StartedAt.UnixMilli}}', name);
  const ranAfterMs = async () => {
    const lines = (await ask('logs', name)).split('\n');
    const last = lines.findLast((line) => line.includes('worker is running')) ?? '{}';
    return Date.parse((JSON.parse(last) as { time?: string }).time ?? '') - Number(startedAt);
  };
  await expect.poll(ranAfterMs, SOON).toBeGreaterThan(0);
  // Its parent is the init, process 1. The twelfth field from there on is the ticks in user mode, the next those in the kernel.
  const processes = (await ask('exec', name, 'sh', '-c', 'cat /proc/[0-9]*/stat')).split('\n');
  const fields = processes.map((line) => line.slice(line.lastIndexOf(')') + 2).split(' '));
  const own = fields.find(([, parent]) => parent === '1') ?? [];
  const ticks = Number(own[11]) + Number(own[12]);
  return { wall: (await ranAfterMs()) / 1_000, cpu: ticks / 100 };
}

test('SIGTERM in the middle of a run finishes the batches, ends with code 0 and loses nothing', async () => {
  await inWorker('schedule', 'pause');
  await send(10_000);
  await inWorker('run', '--detach', '--lanes', '1', '--batch-size', '100');
  await expect.poll(async () => (await stored()).rows, SOON).toBeGreaterThan(99);
  await compose('stop', 'worker');
  const { output } = await engine.podman(
    ...['inspect', '--format', '{{.State.ExitCode}}', 'login-etl-worker-1'],
  );
  expect(output.trim()).toBe('0');
  expect((await stored()).rows).toBeLessThan(9_999);

  await compose('start', 'worker');
  await expect.poll(stored, SOON).toEqual({ rows: 9_999, quarantined: 101 });
});

test('the custodian reads the audit log, works as a worker and as the codec server', async () => {
  await compose(...RUN, '--rm', 'custodian', 'login-etl', 'audit', 'verify');
  for (const [name, ...args] of [
    [
      'codec',
      '-e',
      'CODEC_SERVER_TOKEN=a-token-of-this-test-0123456789abcdef',
      'custodian',
      // The codec server refuses to hold it.
      ...['env', '--unset=VAULT_PRIVATE_KEY_FILE'],
      'login-etl',
      'codec-server',
    ],
    [
      'custody',
      '-e',
      'WORKER_HEALTH_ADDRESS=127.0.0.1:9465',
      'custodian',
      'login-etl',
      'custodian-worker',
    ],
  ] as const) {
    await compose(...RUN, '--detach', '--name', name, ...args);
  }
  const answers = (name: string, url: string) => async () =>
    (
      await engine.podman(
        ...['exec', name, 'node', '--eval', `fetch('${url}').then((r) => console.log(r.status))`],
      )
    ).output.trim();
  await expect.poll(answers('codec', 'http://127.0.0.1:8234/health'), SOON).toBe('200');
  await expect.poll(answers('custody', 'http://127.0.0.1:9465/readyz'), SOON).toBe('200');
  for (const name of ['codec', 'custody']) {
    await engine.podman('stop', '--time', '60', name);
    const { output } = await engine.podman('inspect', '--format', '{{.State.ExitCode}}', name);
    expect(output.trim()).toBe('0');
    await engine.podman('rm', name);
  }
});

test('down leaves no container, network or volume', async () => {
  await compose('down', '--volumes');
  for (const kind of ['container', 'volume']) {
    expect(
      (await engine.podman(kind, 'ls', '--quiet', '--filter', 'label=com.docker.compose.project'))
        .output,
    ).toBe('');
  }
  expect((await engine.podman('network', 'ls', '--quiet')).output.trim()).toBe('podman');
});
