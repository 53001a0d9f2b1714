import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assessOffsets } from '../../../src/cli/doctor/clock-check.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { createSchedule } from '../../../src/temporal/schedule/create-schedule.ts';
import { setPaused } from '../../../src/temporal/schedule/set-paused.ts';
import { createTestDatabase } from '../../support/servers/test-database.ts';
import { startTestQueue } from '../../support/servers/test-queue.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Report = {
  healthy: boolean;
  checks: { name: string; status: string; detail: string; whatToDo?: string }[];
};

let stack: Stack;
let closed: string;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
  await createSchedule(stack.client, {
    when: { everyMs: 3_600_000 },
    catchupWindowMs: 600_000,
    input: { maxMessages: 100 },
  });
  closed = `127.0.0.1:${await freePort()}`;
});
afterAll(() => stack?.stop());

/** What doctor says with these settings changed; undefined takes one away. */
async function doctor(changes: Record<string, string | undefined> = {}) {
  const env = Object.fromEntries(
    Object.entries({ ...stack.env, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const result = await loginEtl(env, ['doctor', '--json']);
  const report = jsonOf<Report>(result);
  const check = (name: string) => report.checks.find((one) => one.name === name);
  const failed = report.checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  return { ...result, report, check, failed };
}

describe('doctor', () => {
  test('finds no problem in a healthy stack', async () => {
    const { exitCode, report } = await doctor();
    expect(report.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect([exitCode, report.healthy]).toEqual([0, true]);
  });

  test('prints a line per check', async () => {
    const { stdout } = await loginEtl(stack.env, ['doctor']);
    const lines = stdout.trim().split('\n');
    for (const line of lines) expect(line).toMatch(/^✓ [A-Za-z ]+ {2,}\S/);
    expect(lines).toHaveLength(19);
  });

  test('lists each missing setting, and the checks that were skipped', async () => {
    // Temporal's address has a default, where another stack of this machine may answer.
    const env = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const { exitCode, stdout } = await loginEtl(env, ['doctor', '--json']);
    expect(exitCode).toBe(1);
    const [configuration, ...others] = jsonOf<Report>({ exitCode, stdout, stderr: '' }).checks;
    for (const name of ['AWS_REGION', 'DATABASE_URL', 'MASKING_KEYS', 'PAYLOAD_KEYS']) {
      expect(configuration?.detail).toContain(name);
    }
    const rest = others.filter(({ name }) => !['Temporal', 'key files'].includes(name));
    expect(new Set(rest.map(({ detail }) => detail))).toEqual(new Set(['not checked']));
  });

  test('continues when one part is down, and names its setting', async () => {
    const queue = await doctor({
      AWS_ENDPOINT_URL_SQS: `http://${closed}`,
      SQS_QUEUE_URL: undefined,
    });
    expect([queue.exitCode, queue.failed]).toEqual([1, ['queue']]);
    expect(queue.check('queue')?.whatToDo).toContain('AWS_ENDPOINT_URL_SQS');
    expect(queue.check('visibility timeout')?.detail).toBe('not checked');

    const postgres = await doctor({ DATABASE_URL: `postgres://someone:hunter2@${closed}/logins` });
    expect([postgres.exitCode, postgres.failed]).toEqual([1, ['Postgres']]);
    expect(postgres.check('Postgres')?.whatToDo).toContain('DATABASE_URL');
    expect(postgres.stdout + postgres.stderr).not.toContain('hunter2');

    const temporal = await doctor({ TEMPORAL_ADDRESS: closed });
    expect([temporal.exitCode, temporal.failed]).toEqual([1, ['Temporal']]);
    expect(temporal.check('Temporal')?.whatToDo).toContain('TEMPORAL_ADDRESS');
  });

  test('finds a missing queue and a missing namespace', async () => {
    const { failed, check } = await doctor({
      SQS_QUEUE_URL: undefined,
      SQS_QUEUE_NAME: 'another',
      TEMPORAL_NAMESPACE: 'nowhere',
    });
    expect(failed).toEqual(['queue', 'Temporal']);
    expect(check('Temporal')?.whatToDo).toContain('TEMPORAL_NAMESPACE');
  });

  test('finds migrations that are missing, and a role that may not store rows', async () => {
    const empty = await createTestDatabase({ migrated: false });
    const role = `reader_${randomBytes(4).toString('hex')}`;
    try {
      const { failed, check } = await doctor({ DATABASE_URL: empty.url });
      expect(failed).toEqual(['migrations']);
      expect(check('migrations')?.whatToDo).toContain('login-etl migrate');

      await stack.pool.query(`create role ${role} login password 'x'`);
      await stack.pool.query(`grant select on all tables in schema public to ${role}`);
      const url = new URL(stack.env.DATABASE_URL ?? '');
      const asReader = Object.assign(url, { username: role, password: 'x' }).href;
      const reader = await doctor({ DATABASE_URL: asReader });
      expect(reader.failed).toEqual(['privileges']);
      expect(reader.check('privileges')?.detail).toContain('user_logins (INSERT)');
    } finally {
      await empty.remove();
      await stack.pool.query(`drop owned by ${role}`).catch(() => undefined);
      await stack.pool.query(`drop role if exists ${role}`);
    }
  });

  test('warns about a short visibility timeout and about unkeyed masking, and exits with 0', async () => {
    const queue = await startTestQueue({ visibilityTimeoutSeconds: 5 });
    try {
      const { exitCode, check } = await doctor({
        SQS_QUEUE_URL: undefined,
        AWS_ENDPOINT_URL_SQS: queue.server.endpoint,
        MASKING_MODE: 'sha256',
      });
      expect(exitCode).toBe(0);
      expect(check('visibility timeout')).toMatchObject({ status: 'warning' });
      expect(check('visibility timeout')?.detail).toContain('5 s');
      expect(check('masking keys')).toMatchObject({ status: 'warning' });
    } finally {
      await queue.stop();
    }
  });

  test('says when the schedule is paused or cannot be read with the payload keys', async () => {
    await setPaused(stack.client, true, 'moving house');
    try {
      expect((await doctor()).check('schedule')).toMatchObject({
        status: 'warning',
        detail: 'ingest-logins is paused (moving house)',
      });
      const other = JSON.stringify({
        active: 'other',
        keys: { other: randomBytes(32).toString('base64') },
      });
      const { check } = await doctor({ PAYLOAD_KEYS: other });
      expect(check('schedule')?.whatToDo).toContain('PAYLOAD_KEYS');
    } finally {
      await setPaused(stack.client, false, 'awake');
    }
  });
});

describe('what a recovery after a restore needs', () => {
  test('doctor warns when histories are kept for a shorter time than the recovery window', async () => {
    const { exitCode, check } = await doctor({ RECOVERY_WINDOW_DAYS: '300' });
    expect(exitCode).toBe(0);
    expect(check('Temporal')).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/keeps histories for .*, shorter than RECOVERY_WINDOW_DAYS/),
      whatToDo: expect.stringContaining('docs/backup.md'),
    });
  });

  test('doctor fails while PAYLOAD_KEYS lacks a key that was used within the recovery window', async () => {
    const used = (days: number) =>
      stack.pool.query(
        `insert into payload_key_uses (key_id, last_used_at) values ('removed', now() - make_interval(days => $1))
         on conflict (key_id) do update set last_used_at = excluded.last_used_at`,
        [days],
      );
    await used(2);
    try {
      const { exitCode, failed, check } = await doctor({ RECOVERY_WINDOW_DAYS: '3' });
      expect([exitCode, failed]).toEqual([1, ['history keys']]);
      expect(check('history keys')?.detail).toContain('removed');
      expect(check('history keys')?.whatToDo).toContain('login-etl keys list');
      await used(4);
      expect((await doctor({ RECOVERY_WINDOW_DAYS: '3' })).failed).toEqual([]);
    } finally {
      await stack.pool.query(`delete from payload_key_uses where key_id = 'removed'`);
    }
  });
});

describe('the clock', () => {
  test('may be off by half a minute', () => {
    const offsets = [
      { of: 'Postgres', ms: 29_000 },
      { of: 'SQS', ms: -29_000 },
    ];
    expect(assessOffsets(offsets).status).toBe('ok');
  });

  test('must not be off by more: it says from whom, and in which direction', () => {
    expect(
      assessOffsets([
        { of: 'Postgres', ms: 400_000 },
        { of: 'SQS', ms: -31_000 },
      ]),
    ).toMatchObject({ status: 'failed', detail: '7 min ahead of Postgres, 31 s behind SQS' });
  });

  test('is not checked if no server sends the time', () => {
    expect(assessOffsets([]).status).toBe('warning');
  });
});
