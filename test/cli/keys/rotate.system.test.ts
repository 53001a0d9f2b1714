import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RotationStatus } from '../../../src/temporal/rotation/steer-rotation.ts';
import { addMaskingKey, custodianEnv, maskerOf, vaultPrivateKey } from '../../support/custodian.ts';
import { fillVault, insertRows, range } from '../../support/data/vaulted-rows.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf, type RunningCommand, startLoginEtl } from '../login-etl.ts';

let stack: Stack;
let newKeys: string;

beforeAll(async () => {
  stack = await startStack();
  const oldKeys = stack.env.MASKING_KEYS ?? '';
  newKeys = addMaskingKey(oldKeys, 'key-of-2027', randomBytes(32));
  const old = maskerOf(oldKeys);
  await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, range(0, 20));
  await insertRows(
    stack.pool,
    old,
    range(0, 20).map((n) => ({ ip: n, device: n })),
  );
});
afterAll(() => stack?.stop());

const rotate = (...args: string[]) => loginEtl(custodianEnv(stack, newKeys), ['remask', ...args]);
const status = async () => jsonOf<RotationStatus>(await rotate('status', '--json'));

test('a rotation from its start to its end, by the commands alone', async () => {
  expect(await rotate('status')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no rotation was started'),
  });
  expect(await rotate('start')).toMatchObject({ exitCode: 2 });
  expect(await rotate('start', '--reason', ' ')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('reason: must be a text'),
  });
  const started = await rotate(
    'start',
    '--reason',
    'yearly',
    '--to',
    'key-of-2027',
    '--pause-ms',
    '900',
  );
  expect(started).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('started') });
  expect(await rotate('start', '--reason', 'twice')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('one is running'),
  });
  // No custodian worker runs yet.
  expect((await rotate('status')).stdout).toContain('waiting for a custodian worker');

  const custodian = startLoginEtl(custodianEnv(stack, newKeys), ['custodian-worker']);
  try {
    await custodian.said('custodian worker is running');
    await expect
      .poll(async () => (await status()).progress?.toKeyId, { timeout: 20_000 })
      .toBe('key-of-2027');
    expect((await rotate('status')).stdout).toMatch(/rotate-masking-key +running/);
    expect(await rotate('stop')).toMatchObject({ exitCode: 0 });
    await expect
      .poll(async () => (await status()).result?.outcome, { timeout: 20_000 })
      .toBe('stopped');
    expect((await rotate('status')).stdout).toContain('`login-etl remask start` continues it');
    expect(await rotate('stop')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no rotation is running'),
    });

    await rotate('start', '--reason', 'the rest');
    await expect
      .poll(async () => (await status()).result?.outcome, { timeout: 20_000 })
      .toBe('completed');
    expect((await rotate('status')).stdout).toMatch(
      /rows +\d+ re-masked; keeping their old key: 0/,
    );

    await rotate('start', '--reason', 'wrong', '--to', 'no-such-key');
    await expect
      .poll(async () => (await status()).reason, { timeout: 20_000 })
      .toMatch(/another active masking key/);
    expect((await rotate('status')).exitCode).toBe(1);
  } finally {
    await end(custodian);
  }
}, 120_000);

/** As Ctrl-C does: the worker finishes its current step and exits with 0. */
async function end(custodian: RunningCommand): Promise<void> {
  custodian.interrupt();
  expect((await custodian.result).exitCode).toBe(0);
}

test('a worker that kept the old keyring is named by status and doctor, and holds up the start', async () => {
  const custodian = startLoginEtl(custodianEnv(stack, newKeys), ['custodian-worker']);
  const stopNew = await stack.startWorker({ MASKING_KEYS: newKeys });
  const withOldKey = await stack.spawnWorker();
  const names = `workers mask with different keys: .*\\(${withOldKey.pid}@`;
  try {
    await custodian.said('custodian worker is running');
    const report = await loginEtl(stack.env, ['status']);
    expect(report.exitCode).toBe(1);
    expect(report.stdout).toMatch(new RegExp(names));
    expect((await loginEtl(stack.env, ['doctor'])).stdout).toMatch(new RegExp(names));

    expect(await rotate('start', '--reason', 'too early')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(new RegExp(`mask with another key.*: ${withOldKey.pid}@`)),
    });
    expect(await rotate('start', '--reason', 'patient', '--wait')).toMatchObject({ exitCode: 0 });
    expect((await rotate('status')).stdout).toMatch(
      new RegExp(`held up .*mask with another key.*: ${withOldKey.pid}@`),
    );
    await withOldKey.stop();
    await expect
      .poll(async () => (await status()).result?.outcome, { timeout: 90_000 })
      .toBe('completed');
  } finally {
    await stopNew();
    await end(custodian);
  }
}, 180_000);

test('a custodian worker without the private key does not start, and names the setting', async () => {
  const { VAULT_PRIVATE_KEY: _, ...env } = custodianEnv(stack, newKeys);
  expect(await loginEtl(env, ['custodian-worker'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('VAULT_PRIVATE_KEY is not set'),
  });
});

test('an ingestion worker runs without the private key, and not with it', async () => {
  const worker = await stack.launchWorker({
    ...stack.env,
    VAULT_PRIVATE_KEY: custodianEnv(stack, newKeys).VAULT_PRIVATE_KEY ?? '',
  });
  await worker.exited;
  expect(await worker.log()).toContain('VAULT_PRIVATE_KEY is set: a worker must not hold it');
  expect(Object.keys(stack.env)).not.toContain('VAULT_PRIVATE_KEY');
  await (await stack.startWorker())();
});
