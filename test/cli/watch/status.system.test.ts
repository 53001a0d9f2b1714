import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Trouble } from '../../../src/cli/status/assess-status.ts';
import type { Status } from '../../../src/cli/status/read-status.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { createSchedule } from '../../../src/temporal/schedule/create-schedule.ts';
import { setPaused } from '../../../src/temporal/schedule/set-paused.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { startSilentServer } from '../../support/servers/silent-server.ts';
import { createTestRole } from '../../support/servers/test-role.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf, startLoginEtl } from '../login-etl.ts';

type StatusJson = Status & { healthy: boolean; problems: Trouble[] };

/** What the worker's role may do, as far as status looks. */
const WORKER_GRANTS = [
  'select (message_id, run_id, batch_number) on quarantine',
  'select on quarantine_reasons',
  'select (message_id, create_date, run_id, batch_number, inserted_at, mask_key_id) on user_logins',
  'select on ingest_runs',
  ...['workers', 'retired_months', 'backups', 'maintenance'].map((table) => `select on ${table}`),
  'execute on function login_etl_default_rows()',
];

const HOURLY = { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 };

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
beforeEach(async () => {
  await stack.clear();
  await createSchedule(stack.client, HOURLY, { replace: true });
});
afterEach(() => stack.sqs.proxy.setFault());
afterAll(() => stack?.stop());

const PARTS = [
  ...['queue', 'schedule', 'running', 'latest'],
  ...['workers', 'ledger', 'rows', 'quarantine', 'maskKeys', 'tables'],
] as const;

async function status(changes: Record<string, string> = {}, ...args: string[]) {
  const result = await loginEtl({ ...stack.env, ...changes }, ['status', '--json', ...args]);
  return { ...result, json: jsonOf<StatusJson>(result) };
}

const unreachable = (json: StatusJson): string[] =>
  PARTS.filter((part) => !(json as unknown as Record<string, Status['queue']>)[part]?.reachable);

const problemsOf = (json: StatusJson) => json.problems.map(({ problem }) => problem);

test('without a worker: that is the problem', async () => {
  const { exitCode, json } = await status();
  expect(exitCode).toBe(1);
  expect(problemsOf(json)).toEqual(['no worker is running']);
});

test('doctor fails without a worker only while a run waits for one', async () => {
  const worker = async () => {
    const result = await loginEtl(stack.env, ['doctor', '--json']);
    const { checks } = jsonOf<{ checks: { name: string; status: string }[] }>(result);
    return [result.exitCode, checks.find(({ name }) => name === 'worker')?.status];
  };
  expect(await worker()).toEqual([0, 'warning']);
  const handle = await stack.start();
  await expect.poll(worker, { timeout: 10_000 }).toEqual([1, 'failed']);
  await stack.startWorker();
  await handle.result();
});

describe('where all is well', () => {
  test('it says so, exits with 0, and shows every part', async () => {
    await stack.send([...loginMessages(8), 'no JSON', '[]']);
    await stack.run();
    await stack.send(loginMessages(3));
    const { exitCode, json } = await status();
    expect(json.problems).toEqual([]);
    expect([exitCode, json.healthy]).toEqual([0, true]);
    expect(json).toMatchObject({
      queue: { visible: 3, inFlight: 0, oldestSeenSeconds: null },
      schedule: { exists: true, paused: false, intervalSeconds: 3_600 },
      running: { runs: [] },
      latest: { run: { status: 'completed', reason: null } },
      ledger: {
        runs: [{ outcome: 'completed', counts: { received: 10, inserted: 8, quarantined: 2 } }],
        lastSuccessAt: expect.stringMatching(/^20/),
      },
      rows: { today: 8 },
      quarantine: { messages: 2 },
      maskKeys: { keys: [{ keyId: 'test', rows: 8 }] },
      keys: { masking: { active: 'test', others: [] }, payloads: { active: 'test' } },
    });
    expect(json.quarantine).toMatchObject({
      reasons: expect.arrayContaining([
        { reason: 'message: is not JSON', messages: 1, lastAt: expect.any(String) },
      ]),
    });
    expect(json.workers).toMatchObject({ workers: [expect.any(String)] });
  });

  test('the table fits one screen', async () => {
    await stack.send([...loginMessages(8), 'no JSON']);
    await stack.run();
    const { exitCode, stdout } = await loginEtl(stack.env, ['status']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^login-etl {2}✓ healthy/);
    expect(stdout).toMatch(/queue +\S+: 0 waiting, 0 in flight\n/);
    expect(stdout).toMatch(/schedule +next in .*, 0 missed\n/);
    expect(stdout).toMatch(/rows +8 logins sent today \(UTC\)\n/);
    expect(stdout).toMatch(/quarantine +1 message\(s\)\n +1 {2}message: is not JSON, last .* ago/);
    expect(stdout).toMatch(/keys +masking: test since 20/);
    expect(stdout).toMatch(/^started +workflow +state +took +received +inserted +/m);
    expect(stdout).toMatch(/ completed .* 9 +8 +0 +1 +9$/m);
    expect(stdout.split('\n').length).toBeLessThan(30);
  });

  test('--look shows the age of the oldest message that it received, and leaves all on the queue', async () => {
    await stack.send(loginMessages(4));
    const { json } = await status({}, '--look');
    expect(json.queue).toMatchObject({ visible: 4, oldestSeenSeconds: expect.any(Number) });
    expect(await stack.queueDepth()).toEqual({ visible: 4, inFlight: 0 });
  });

  test("the worker's role may read everything", async () => {
    await stack.send([...loginMessages(2), 'no JSON']);
    await stack.run();
    const url = stack.env.DATABASE_URL as string;
    const role = await createTestRole({ url, pool: stack.pool }, WORKER_GRANTS);
    try {
      const { exitCode, json } = await status({ DATABASE_URL: role.url });
      expect(json.problems).toEqual([]);
      expect(exitCode).toBe(0);
      expect(json).toMatchObject({ rows: { today: 2 }, quarantine: { messages: 1 } });
    } finally {
      await role.remove();
    }
  });

  test('--watch goes on until Ctrl-C, and --json makes each refresh a line', async () => {
    const args = ['status', '--watch', '0.5', '--json'];
    const watching = startLoginEtl(stack.env, args);
    await watching.printed(/\n.*\n/);
    watching.interrupt();
    const { exitCode, stdout } = await watching.result;
    expect(exitCode).toBe(130);
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ healthy: true });
  });
});

describe('where something is wrong', () => {
  test('a paused schedule is named with its note', async () => {
    await setPaused(stack.client, true, 'database moves');
    const { exitCode, json } = await status();
    await setPaused(stack.client, false, 'awake');
    expect([exitCode, json.healthy]).toEqual([1, false]);
    expect(problemsOf(json)).toEqual(['the schedule is paused (database moves)']);
  });

  test('a step that fails is named with its reason, decoded', async () => {
    stack.sqs.proxy.setFault((call, passOn) =>
      call.action === 'ReceiveMessage'
        ? { status: 403, body: { __type: 'com.amazonaws.sqs#KmsThrottled' } }
        : passOn(),
    );
    await stack.send(loginMessages(1));
    const run = await stack.start();
    await expect
      .poll(async () => problemsOf((await status()).json), { timeout: 40_000 })
      .toEqual([
        expect.stringMatching(
          new RegExp(
            `^receiveBatch of ${run.workflowId} fails \\(attempt \\d+\\): .*KMS key is throttl`,
          ),
        ),
      ]);
    const { PAYLOAD_KEYS: _, ...withoutKeys } = stack.env;
    const { exitCode, stdout } = await loginEtl(withoutKeys, ['status']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('PAYLOAD_KEYS');
    stack.sqs.proxy.setFault();
    await run.result();
  });

  test('a run that waits because the table refuses every row names the constraint, and continues when it is dropped', async () => {
    await stack.pool.query('truncate ingest_batches');
    await stack.pool.query('alter table user_logins add constraint none check (false) not valid');
    try {
      // A queue that is drained every minute: few messages a run.
      for (let minute = 0; minute < 3; minute += 1) {
        await stack.send(loginMessages(5));
        expect(await stack.run()).toMatchObject({ inserted: 0, quarantined: 5 });
      }
      await stack.send(loginMessages(5));
      const run = await stack.start();
      await expect
        .poll(async () => problemsOf((await status()).json), { timeout: 40_000 })
        .toEqual([
          expect.stringMatching(
            new RegExp(
              `^insertBatch of ${run.workflowId} fails .*the run waits, since the table refuses every row: repair it.*23514, none`,
            ),
          ),
        ]);
      expect((await stack.quarantine()).length).toBe(15);
      await stack.pool.query('alter table user_logins drop constraint none');
      expect(await run.result()).toMatchObject({ inserted: 5, quarantined: 0, acknowledged: 5 });
      expect(problemsOf((await status()).json)).toEqual([]);
    } finally {
      await stack.pool.query('alter table user_logins drop constraint if exists none');
    }
  }, 90_000);

  test('a run that failed is named with its reason', async () => {
    const run = await stack.start({ maxMessages: -1 });
    await expect(run.result()).rejects.toThrow();
    const { exitCode, json } = await status();
    expect(exitCode).toBe(1);
    expect(problemsOf(json)).toEqual([
      expect.stringMatching(
        new RegExp(`^the latest run, ${run.workflowId}, failed: .*maxMessages`),
      ),
    ]);
    await stack.run();
    expect((await status()).exitCode).toBe(0);
  });

  test.each([
    ['TEMPORAL_ADDRESS', (at: string) => at, PARTS.slice(1, 4)],
    ['DATABASE_URL', (at: string) => `postgres://u:p@${at}/d`, PARTS.slice(4)],
    ['AWS_ENDPOINT_URL_SQS', (at: string) => `http://${at}`, PARTS.slice(0, 1)],
  ])(
    '%s leads nowhere: that is said once, and everything else is shown',
    async (name, at, parts) => {
      const { exitCode, json } = await status({ [name]: at(`127.0.0.1:${await freePort()}`) });
      expect(exitCode).toBe(1);
      expect(unreachable(json)).toEqual(parts);
      expect(json.problems).toHaveLength(1);
      expect(json.problems[0]?.whatToDo).toContain(name);
    },
  );

  test('each server that never answers has its own timeout', async () => {
    const silent = await startSilentServer();
    try {
      const startedAt = performance.now();
      const { exitCode, json } = await status({
        TEMPORAL_ADDRESS: silent.address,
        DATABASE_URL: `postgres://u:p@${silent.address}/d`,
        AWS_ENDPOINT_URL_SQS: `http://${silent.address}`,
      });
      expect(exitCode).toBe(1);
      expect(unreachable(json)).toEqual([...PARTS]);
      expect(performance.now() - startedAt).toBeLessThan(25_000);
    } finally {
      await silent.stop();
    }
  });

  test('without settings each part names the settings that it needs', async () => {
    const result = await loginEtl({}, ['status', '--json']);
    const json = jsonOf<StatusJson>(result);
    expect(result.exitCode).toBe(1);
    expect(json.queue).toMatchObject({ reason: expect.stringContaining('AWS_REGION') });
    expect(json.rows).toMatchObject({ reason: expect.stringContaining('DATABASE_URL') });
  });
});
