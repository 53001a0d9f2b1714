import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';
import { makeTestDirectory } from '../support/test-directory.ts';
import { jsonOf, loginEtl } from './login-etl.ts';

let queue: TestQueue;
let directory: string;
let bare: string;

beforeAll(async () => {
  queue = await startTestQueue();
  const settings = {
    AWS_REGION: queue.server.region,
    AWS_ENDPOINT_URL_SQS: queue.server.endpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  directory = await makeTestDirectory('environment');
  bare = await makeTestDirectory('environment-bare');
  await mkdir(join(directory, '.local'));
  await writeFile(join(directory, '.local', 'env'), lines.join(''));
});
afterAll(async () => {
  await queue?.stop();
  for (const path of [directory, bare]) await rm(path, { recursive: true, force: true });
});

const PEEK = ['peek', '--messages', '0', '--json'];

describe('the settings', () => {
  test('come from .local/env if there are no others, and a message says so', async () => {
    const result = await loginEtl({}, PEEK, { cwd: directory });
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toBe('using .local/env, the stack of `npm start`\n');
    expect(jsonOf(result)).toMatchObject({ queue: 'login-queue', visible: 0 });
  });

  test('are those of .local/env also in a shell that has settings of other programs', async () => {
    const shell = { AWS_REGION: 'eu-west-1', AWS_PROFILE: 'mine', PGHOST: 'db.example.com' };
    const result = await loginEtl(shell, PEEK, { cwd: directory });
    expect([result.exitCode, result.stderr]).toEqual([
      0,
      'using .local/env, the stack of `npm start`\n',
    ]);
  });

  test('come from the environment as soon as it has one, and an error says so', async () => {
    const { exitCode, stderr } = await loginEtl({ TEMPORAL_NAMESPACE: 'n' }, PEEK, {
      cwd: directory,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('AWS_REGION is not set');
    expect(stderr).toContain('.local/env was not used');
  });

  test('are named by the file of the user whose rights the command needs, where they are not used', async () => {
    await writeFile(join(directory, '.local', 'codec-server.env'), '');
    const { stderr } = await loginEtl({ TEMPORAL_NAMESPACE: 'n' }, ['codec-server'], {
      cwd: directory,
    });
    expect(stderr).toContain('.local/codec-server.env was not used');
  });

  test('are named too where a file of another user lacks a setting', async () => {
    const other = join(directory, 'other.env');
    await writeFile(other, 'TEMPORAL_NAMESPACE=n\n');
    const { stderr } = await loginEtl({}, ['--env-file', other, ...PEEK], { cwd: directory });
    expect(stderr).toContain('.local/env was not used, because --env-file names another');
  });

  test.each([[['--env-file', 'FILE', ...PEEK]], [[...PEEK, '--env-file', 'FILE']]])(
    'are those of the file that is named, before or after the command: %j',
    async (args) => {
      const file = join(directory, '.local', 'env');
      const result = await loginEtl(
        { TEMPORAL_NAMESPACE: 'n' },
        args.map((arg) => (arg === 'FILE' ? file : arg)),
        { cwd: bare },
      );
      expect([result.exitCode, result.stderr]).toEqual([0, '']);
    },
  );

  test('cannot come from a missing file', async () => {
    const { exitCode, stderr } = await loginEtl({}, ['--env-file', 'nowhere', ...PEEK]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('nowhere cannot be opened (ENOENT)');
  });
});
