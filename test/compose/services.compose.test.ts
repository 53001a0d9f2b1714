import { afterAll, beforeAll, expect, test } from 'vitest';
import { UndoList } from '../support/undo-list.ts';
import { type Engine, startEngine } from './podman.ts';

const SOON = { timeout: 120_000, interval: 500 };
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

const query = (sql: string) =>
  compose(
    ...['exec', '-T', 'postgres', 'psql', '-h', '127.0.0.1', '-U', 'login_etl', 'logins', '-At'],
    ...['-v', 'ON_ERROR_STOP=1', '-c', sql],
  );

const send = (count: number) =>
  compose(
    ...['run', '--rm', '-T', '--entrypoint', 'sh', 'samples', '-euc'],
    `for i in $(seq ${count / 100}); do cat samples/logins.jsonl; done | login-etl send -`,
  );

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

test('the sample messages are stored, masked, and doctor finds nothing to fix', async () => {
  await compose('run', '--rm', '-T', 'samples');
  await expect.poll(() => query('select count(*) from user_logins'), SOON).toBe('100');
  expect(await query(`select count(*) from user_logins where masked_ip ~ '^[0-9.]+$'`)).toBe('0');
  await compose('exec', '-T', 'worker', 'login-etl', 'doctor');
});

test('the containers run as another user than root, and cannot change their image', async () => {
  const { output } = await engine.podman(
    ...['exec', 'login-etl-worker-1', 'sh', '-c', 'id -u; touch /app/x || echo read-only'],
  );
  expect(output).toMatch(/^1000\n[\s\S]*read-only/);
});

test('SIGTERM in the middle of a run finishes the batches, ends with code 0 and loses nothing', async () => {
  const before = Number(await query('select count(*) from user_logins'));
  await send(10_000);
  await expect
    .poll(async () => Number(await query('select count(*) from user_logins')), SOON)
    .toBeGreaterThan(before);
  await compose('stop', 'worker');
  const stopped = Number(await query('select count(*) from user_logins'));
  expect(stopped).toBeLessThan(before + 10_000);
  const { output } = await engine.podman(
    ...['inspect', '--format', '{{.State.ExitCode}}', 'login-etl-worker-1'],
  );
  expect(output.trim()).toBe('0');
  // Nothing is in progress that only the stopped worker could finish.
  expect(await query('select count(distinct message_id) from user_logins')).toBe(`${stopped}`);

  await compose('start', 'worker');
  const all = `select count(*) || ' ' || count(distinct message_id) from user_logins`;
  await expect.poll(() => query(all), SOON).toBe(`${before + 10_000} ${before + 10_000}`);
  expect(await query('select count(*) from quarantine')).toBe('0');
});

test('the custodian reads the audit log, works as a worker and as the codec server', async () => {
  const custodian = ['run', '--rm', '-T', 'custodian', 'login-etl'];
  await compose(...custodian, 'audit', 'verify');
  for (const [name, ...args] of [
    [
      'codec',
      '-e',
      'CODEC_SERVER_TOKEN=a-token-of-this-test-0123456789abcdef',
      'custodian',
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
    await compose('run', '--detach', '--name', name, ...args);
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
