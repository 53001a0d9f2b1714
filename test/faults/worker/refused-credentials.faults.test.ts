import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { spawnCustodian } from '../../support/custodian.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type ApiKeyFront, startApiKeyFront } from '../../support/servers/api-key-front.ts';
import { sqsError } from '../../support/servers/sqs-proxy.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { PATIENCE_MS } from '../support/sizes.ts';
import { untilRetried } from '../support/until-waiting.ts';

const PATIENCE = { timeout: 60_000, interval: 250 };

let stack: FaultStack;
let front: ApiKeyFront;
let directory: string;

beforeAll(async () => {
  stack = await startFaultStack();
  front = await startApiKeyFront(stack.temporal.address, 'first-key');
  stack.undo.push(() => front.stop());
  directory = await makeTestDirectory('credentials');
  stack.undo.push(() => rm(directory, { recursive: true, force: true }));
});
afterAll(async () => {
  await stack?.undo.run();
});

type Healthy = { worker: WorkerProcess; ask(path: string): Promise<unknown> };

async function spawn(env: Record<string, string>): Promise<Healthy> {
  const address = `127.0.0.1:${await freePort()}`;
  const worker = await stack.spawnWorker({ WORKER_HEALTH_ADDRESS: address, ...env });
  const ask = async (path: string) => {
    const answer = await fetch(`http://${address}${path}`).catch(() => undefined);
    return answer && { ...((await answer.json()) as object), status: answer.status };
  };
  return { worker, ask };
}

async function writeSecret(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

/** The server trusts this machine, so a role that may not log in stands for a password that is refused. */
async function allowLogin(
  isAllowed: boolean,
  url: string = stack.databaseUrls.worker,
): Promise<void> {
  const { username } = new URL(url);
  await stack.pool.query(`alter role ${username} ${isAllowed ? 'login' : 'nologin'}`);
  if (isAllowed) return;
  await stack.pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1',
    [username],
  );
}

test(
  'an API key of Temporal that was replaced in its file is used without a restart',
  async () => {
    const path = await writeSecret('api-key', 'first-key');
    const { worker, ask } = await spawn({
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_TLS: 'false',
      TEMPORAL_API_KEY_FILE: path,
    });
    front.setKey('second-key');
    await expect
      .poll(() => ask('/readyz'), PATIENCE)
      .toMatchObject({ status: 503, temporal: 'refused' });
    await writeFile(path, 'second-key');
    await expect.poll(() => ask('/readyz'), PATIENCE).toMatchObject({ status: 200 });
    await stack.send(loginMessages(3));
    expect(await stack.run()).toMatchObject({ inserted: 3 });
    await worker.stop();
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  },
  PATIENCE_MS,
);

test.each<[string, string, () => Promise<Record<string, string>>, () => Promise<void>]>([
  [
    'temporal',
    'TEMPORAL_API_KEY',
    async () => ({
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_TLS: 'false',
      TEMPORAL_API_KEY: 'second-key',
    }),
    async () => front.setKey('third-key'),
  ],
  ['postgres', 'DATABASE_URL', async () => ({}), () => allowLogin(false)],
  [
    'queue',
    'AWS_ACCESS_KEY_ID',
    async () => ({}),
    async () => stack.sqs.proxy.setFault(() => sqsError(403, 'InvalidClientTokenId')),
  ],
])(
  'a worker whose credentials for %s are refused for too long exits, and names %s',
  async (part, setting, env, refuse) => {
    const { worker, ask } = await spawn({
      ...(await env()),
      CREDENTIALS_REFUSED_EXIT_SECONDS: '12',
    });
    await refuse();
    await expect
      .poll(() => ask('/readyz'), PATIENCE)
      .toMatchObject({ status: 503, [part]: 'refused' });
    expect(await ask('/healthz')).toMatchObject({ status: 200 });
    expect(await worker.exited).toEqual({ code: 1, signal: null });
    const log = await worker.log();
    expect(log).toContain('CREDENTIALS_REFUSED_EXIT_SECONDS');
    expect(log.split('\n').find((line) => line.startsWith('the worker stopped'))).toContain(
      setting,
    );
    stack.sqs.proxy.setFault();
    await allowLogin(true);
  },
  PATIENCE_MS,
);

test.each<[string, string, () => Record<string, string>, () => Promise<void>]>([
  [
    'temporal',
    'TEMPORAL_API_KEY',
    () => ({
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_TLS: 'false',
      TEMPORAL_API_KEY: 'custodian-key',
    }),
    async () => front.setKey('another-key'),
  ],
  ['postgres', 'DATABASE_URL', () => ({}), () => allowLogin(false, stack.databaseUrls.custodian)],
])(
  "a custodian's worker whose credentials for %s are refused for too long exits, and names %s",
  async (_part, setting, env, refuse) => {
    front.setKey('custodian-key');
    const own = { ...env(), CREDENTIALS_REFUSED_EXIT_SECONDS: '2' };
    const custodian = await spawnCustodian(
      { ...stack, env: { ...stack.env, ...own } },
      stack.env.MASKING_KEYS as string,
    );
    stack.undo.push(() => custodian.remove());
    await refuse();
    expect(await custodian.exited).toEqual({ code: 1, signal: null });
    const log = await custodian.log();
    expect(log).toContain('CREDENTIALS_REFUSED_EXIT_SECONDS');
    expect(log.split('\n').find((line) => line.startsWith('the worker stopped'))).toContain(
      setting,
    );
    await allowLogin(true, stack.databaseUrls.custodian);
  },
  PATIENCE_MS,
);

test(
  'a run waits while Postgres refuses the worker, and continues when it is accepted',
  async () => {
    const { worker } = await spawn({});
    await allowLogin(false);
    await stack.send(loginMessages(5));
    const run = await stack.start();
    await untilRetried(stack, run, /28000/);
    await allowLogin(true);
    expect(await run.result()).toMatchObject({ inserted: 5 });
    await worker.stop();
  },
  PATIENCE_MS,
);
