import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ReplayBatch } from '../../../src/batch/replay-batch.ts';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { newBatchId, partSealer } from '../../../src/crypto/payloads/part-sealer.ts';
import type { Counts } from '../../../src/domain/counts.ts';
import { loginEtl } from '../../cli/in-process.ts';
import { jsonOf } from '../../cli/login-etl.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { reconcileJson } from '../../support/reconcile-command.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const REASON = ['--reason', 'case 12'];
const bad = (number: number) => loginMessage(number, { ip: '10.0.0.999' });
type Result = { replayId: string; there: number; counts: Counts; notOpened: number };

let stack: Stack;
let env: Record<string, string>;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  stack = await startStack();
  env = {
    ...stack.env,
    DATABASE_URL: stack.databaseUrls.custodian,
    VAULT_PRIVATE_KEY: stack.keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '',
  };
  stopWorker = await stack.startWorker();
});
beforeEach(async () => {
  await stack.clear();
  await stack.pool.query('truncate quarantine_departures');
});
afterAll(() => stack?.stop());

const quarantine = (args: string[], stdin = '') =>
  loginEtl(env, ['quarantine', ...args], { stdin });
const replay = async (...args: string[]) =>
  jsonOf<Result>(await quarantine(['replay', ...args, ...REASON, '--json']));

/** Sends them through a run. @returns what is in quarantine afterwards */
async function ingest(bodies: readonly string[]): Promise<string[]> {
  await stack.send(bodies);
  await stack.run();
  return (await stack.quarantine()).map(({ message_id }) => message_id);
}

const mend = (id: string, body: string) =>
  quarantine(['edit', id, '--set-body-file', '-', ...REASON], body);

const expectThatItAddsUp = async () => {
  const { exitCode, json } = await reconcileJson(stack.env);
  expect(json.findings).toEqual([]);
  expect(exitCode).toBe(0);
};

describe('quarantine replay', () => {
  test('stores a corrected message with its id and day, leaves the rest, and the ledger adds up', async () => {
    const ids = await ingest([bad(1), bad(2), loginMessage(3)]);
    const [mended, other] = ids as [string, string];
    const { rows: before } = await stack.pool.query(
      'select sent_at, create_date from quarantine where message_id = $1',
      [mended],
    );
    await mend(mended, loginMessage(1));
    expect(await replay('--all')).toMatchObject({
      there: 2,
      counts: { received: 2, inserted: 1, quarantined: 1, duplicates: 0, acknowledged: 0 },
    });
    const row = (await stack.rows()).find(({ message_id }) => message_id === mended);
    expect(row).toMatchObject({ user_id: 'user-1', ...before[0] });
    expect((await stack.quarantine()).map(({ message_id }) => message_id)).toEqual([other]);
    await expectThatItAddsUp();
    // Its originals are in the vault now.
    const revealed = await loginEtl(env, ['reveal', '--message', mended, ...REASON]);
    expect(revealed.stdout).toContain('device-1');
    const { rows: audit } = await stack.pool.query(
      `select detail->>'step' as step from audit_log where action = 'quarantine-replay' order by id desc limit 2`,
    );
    expect(audit).toEqual([{ step: 'ended' }, { step: 'released' }]);
  });

  test('a message that is replayed repeatedly is in one table, once', async () => {
    const [id] = (await ingest([bad(1)])) as [string];
    await replay(id);
    await replay(id);
    expect(await stack.quarantine()).toMatchObject([
      { message_id: id, reason: 'ip: is not an IP address' },
    ]);
    await mend(id, loginMessage(1));
    await replay(id);
    expect((await stack.rows()).map(({ message_id }) => message_id)).toEqual([id]);
    expect(await stack.quarantine()).toEqual([]);
    expect((await quarantine(['replay', id, ...REASON])).exitCode).toBe(1);
    await expectThatItAddsUp();
  });

  test('large messages are replayed in batches below the payload limit', async () => {
    const large = Array.from({ length: 5 }, () => `not JSON ${incompressible(400_000)}`);
    const small = Array.from({ length: 200 }, (_, number) => `not JSON ${number}`);
    await ingest([...large, ...small]);
    const { counts } = await replay('--for', 'message: is not JSON');
    expect(counts).toMatchObject({ received: 200, quarantined: 200 });
    const all = await replay('--all');
    expect(all.counts).toMatchObject({ received: 205, quarantined: 205 });
    expect(all.counts.batches).toBeGreaterThanOrEqual(3);
    expect(await stack.quarantine()).toHaveLength(205);
    await expectThatItAddsUp();
  });

  test('a row that Postgres refuses stays in quarantine, with the reason', async () => {
    const [id] = (await ingest([bad(1)])) as [string];
    await mend(id, loginMessage(1, { user_id: 'robot' }));
    await stack.pool.query(
      `alter table user_logins add constraint no_robots check (user_id <> 'robot')`,
    );
    try {
      expect((await replay(id)).counts).toMatchObject({ inserted: 0, quarantined: 1 });
    } finally {
      await stack.pool.query('alter table user_logins drop constraint no_robots');
    }
    expect(await stack.quarantine()).toMatchObject([
      { message_id: id, reason: expect.stringContaining('user_logins: ') },
    ]);
    await expectThatItAddsUp();
  });

  test('a worker cannot take messages out of quarantine that nobody released', async () => {
    const [id] = (await ingest([bad(1)])) as [string];
    const workflowId = `forged-${id}`;
    const seal = partSealer(stack.config.payloads.keys, { namespace: 'default', workflowId });
    const batchId = newBatchId();
    const batch: ReplayBatch = {
      replayId: '5f0c7f1e-0000-4000-8000-000000000000',
      count: 1,
      ids: await seal(
        { kind: 'ids', batch: batchId },
        { messageIds: [id], sentAtMs: [Date.now()] },
      ),
      bodies: await seal({ kind: 'bodies', batch: batchId }, [loginMessage(1)]),
    };
    const counts = await stack.client.workflow.execute<(batch: ReplayBatch) => Promise<Counts>>(
      'replayQuarantine',
      { taskQueue: 'login-etl', workflowId, args: [batch] },
    );
    expect(counts).toMatchObject({ received: 1, inserted: 0, duplicates: 1 });
    expect(await stack.rows()).toEqual([]);
    expect(await stack.quarantine()).toHaveLength(1);
  });

  test('opens and changes nothing on a dry run, or when its audit record is refused', async () => {
    const [id] = (await ingest([bad(1)])) as [string];
    expect((await quarantine(['replay', id, '--dry-run', ...REASON])).stdout).toContain(
      'would replay 1 message(s)',
    );
    await stack.pool.query('revoke insert on audit_log from login_etl_custodian');
    const unrecorded = await quarantine(['replay', id, ...REASON]);
    await stack.pool.query('grant insert on audit_log to login_etl_custodian');
    expect([unrecorded.exitCode, unrecorded.stdout]).toEqual([1, '']);
    const { rows } = await stack.pool.query('select count(*)::int as runs from ingest_runs');
    expect(rows).toEqual([{ runs: 1 }]);
  });

  test('the ledger adds up after messages were discarded', async () => {
    await ingest([bad(1), bad(2)]);
    await quarantine(['discard', '--all', '--yes', ...REASON]);
    expect(await stack.quarantine()).toEqual([]);
    await expectThatItAddsUp();
  });
});

describe('a login in an SNS notification', () => {
  const notification = (body: string) =>
    JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:eu-west-1:1:t', Message: body });

  test('is replayed after MESSAGE_ENVELOPE was set; a bad one has a reason that names the envelope', async () => {
    await ingest([
      notification(loginMessage(1)),
      notification(loginMessage(2, { ip: '10.0.0.999' })),
    ]);
    const wrapped = 'message: is an SNS notification (MESSAGE_ENVELOPE=sns would unwrap it)';
    expect((await stack.quarantine()).map(({ reason }) => reason)).toEqual([wrapped, wrapped]);
    await stopWorker();
    stopWorker = await stack.startWorker({ MESSAGE_ENVELOPE: 'sns' });
    try {
      expect((await replay('--all')).counts).toMatchObject({ inserted: 1, quarantined: 1 });
    } finally {
      await stopWorker();
      stopWorker = await stack.startWorker();
    }
    expect(await stack.rows()).toMatchObject([{ user_id: 'user-1' }]);
    expect(await stack.quarantine()).toMatchObject([
      {
        reason: 'ip: is not an IP address (in an SNS notification, MESSAGE_ENVELOPE=sns)',
      },
    ]);
    await expectThatItAddsUp();
  });

  test('`edit` checks it with MESSAGE_ENVELOPE, as the worker does', async () => {
    const [id] = (await ingest([bad(1)])) as [string];
    const edit = async (changes: Record<string, string>, ...options: string[]) =>
      jsonOf<{ reason: string | null }>(
        await loginEtl(
          { ...env, ...changes },
          ['quarantine', 'edit', id, '--set-body-file', '-', '--json', ...REASON, ...options],
          { stdin: notification(loginMessage(1)) },
        ),
      ).reason;
    expect(await edit({}, '--force')).toMatch(/^message: is an SNS notification/);
    expect(await edit({ MESSAGE_ENVELOPE: 'sns' })).toBeNull();
  });
});
