import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { type RunningProcess, startProcess } from '../../../src/local/process/child-process.ts';
import { untilReady } from '../../../src/local/process/server-readiness.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

/** `pip install 'moto[server]'`, anywhere: its close likeness of AWS. */
const MOTO = process.env.MOTO_SERVER_PATH ?? '';

describe.skipIf(!existsSync(MOTO))('keys in Secrets Manager (MOTO_SERVER_PATH)', () => {
  let server: RunningProcess;
  let directory: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    directory = await makeTestDirectory('secrets');
    await loginEtl({}, ['keys', 'generate', '--out', directory, '--id', 'first']);
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const name = 'moto';
    server = await startProcess({
      name,
      command: MOTO,
      args: ['-H', '127.0.0.1', '-p', `${port}`],
    });
    const probe = async () => void (await fetch(`${endpoint}/moto-api/`));
    await untilReady({ name, server, timeoutMs: 60_000, probe });
    env = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
      PAYLOAD_KEYS_SECRET_ID: 'login-etl/payload-keys',
    };
    const client = new SecretsManagerClient({ region: 'eu-central-1', endpoint });
    await client.send(
      new CreateSecretCommand({
        Name: 'login-etl/payload-keys',
        SecretString: await readFile(join(directory, 'payload-keys.json'), 'utf8'),
      }),
    );
    client.destroy();
  }, 90_000);
  afterAll(async () => {
    await server?.kill();
    await rm(directory, { recursive: true, force: true });
  });

  const list = async () =>
    jsonOf<{ id: string; active: boolean; source: string }[]>(
      await loginEtl(env, ['keys', 'list', '--json']),
    );

  test('are read once at start, and rotated as a new version', async () => {
    expect(await list()).toEqual([
      { kind: 'payload', id: 'first', active: true, source: 'PAYLOAD_KEYS_SECRET_ID' },
    ]);
    const rotated = await loginEtl(env, ['keys', 'rotate', 'payload', '--id', 'second']);
    expect(rotated.exitCode, rotated.stderr).toBe(0);
    expect((await list()).map(({ id, active }) => [id, active])).toEqual([
      ['first', false],
      ['second', true],
    ]);
  }, 60_000);

  test('that are missing are named by their setting', async () => {
    const { exitCode, stderr } = await loginEtl({ ...env, PAYLOAD_KEYS_SECRET_ID: 'none/such' }, [
      'keys',
      'list',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('PAYLOAD_KEYS_SECRET_ID');
    expect(stderr).toContain('ResourceNotFoundException');
    expect(stderr).not.toContain('none/such');
  }, 60_000);

  test('are refused together with another form', async () => {
    const { stderr } = await loginEtl({ ...env, PAYLOAD_KEYS: '{}' }, ['keys', 'list']);
    expect(stderr).toContain('keep one of them');
  });
});
