import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MAINTENANCE } from '../../../src/domain/tables/maintenance.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { scheduleHandle } from '../../../src/temporal/schedule/create-schedule.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Described = {
  paused: boolean;
  note: string;
  when: string[];
  input: unknown;
  overlap: string;
  catchupWindowMs: number;
  next: string[];
  started: number;
  recent: { workflowId: string }[];
};

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterEach(async () => {
  await scheduleHandle(stack.client)
    .delete()
    .catch(() => undefined);
});
afterAll(() => stack?.stop());

const schedule = (...args: string[]) => loginEtl(stack.env, ['schedule', ...args]);

async function described(): Promise<Described> {
  return jsonOf<Described>(await schedule('describe', '--json'));
}

describe('schedule create', () => {
  test('creates a schedule that fires every minute, skips while a run is open, and catches up for ten minutes', async () => {
    const { exitCode, stdout } = await schedule('create');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^created the schedule ingest-logins\nNext run: 20/);
    expect(await described()).toMatchObject({
      paused: false,
      when: ['every 60 s'],
      input: null,
      overlap: 'SKIP',
      catchupWindowMs: 600_000,
      started: 0,
    });
  });

  test('creates the daily schedule of table maintenance, too, and does not change it later', async () => {
    await schedule('create');
    const handle = stack.client.schedule.getHandle(MAINTENANCE.scheduleId);
    expect(await handle.describe()).toMatchObject({
      spec: { intervals: [{ every: 86_400_000 }] },
      action: { workflowType: 'maintainTables' },
      state: { paused: false },
    });
    await handle.pause('nights are busy');
    await schedule('create', '--replace', '--lanes', '2');
    expect((await handle.describe()).state.paused).toBe(true);
    expect((await schedule('delete', '--yes')).exitCode).toBe(0);
    await expect(handle.describe()).rejects.toThrow('not found');
  });

  test('takes a cron expression, an input and a catch-up window, and shows them again', async () => {
    await schedule(
      ...['create', '--cron', '*/5 8-18 * * MON-FRI', '--catchup-window', '1h'],
      ...['--input', '{"maxMessages": 100}', '--paused'],
    );
    expect(await described()).toMatchObject({
      paused: true,
      when: ['cron */5 8-18 * * MON-FRI'],
      input: { maxMessages: 100 },
      catchupWindowMs: 3_600_000,
      next: [],
    });
  });

  test('keeps the input encrypted in Temporal', async () => {
    await schedule('create', '--input', '{"maxMessages": 100}');
    const { schedule: stored } = await stack.client.workflowService.describeSchedule({
      namespace: 'default',
      scheduleId: 'ingest-logins',
    });
    const encoding = stored?.action?.startWorkflow?.input?.payloads?.[0]?.metadata?.encoding;
    expect(new TextDecoder().decode(encoding ?? new Uint8Array())).toBe('binary/encrypted');
  });

  test('refuses an existing schedule with what to do, and replaces it with --replace', async () => {
    await schedule('create', '--every', '10m');
    const { exitCode, stderr } = await schedule('create', '--every', '1h');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('it already exists');
    expect(stderr).toContain('--replace');
    expect((await described()).when).toEqual(['every 10 min']);
    expect((await schedule('create', '--every', '3h', '--replace')).stdout).toContain('replaced');
    expect((await described()).when).toEqual(['every 3 h']);
  });

  test('--replace keeps options that are not given, and merges the input', async () => {
    await schedule(
      ...['create', '--every', '5m', '--catchup-window', '1h', '--max-messages', '100', '--paused'],
    );
    expect((await schedule('create', '--replace', '--lanes', '6')).exitCode).toBe(0);
    expect(await described()).toMatchObject({
      paused: true,
      when: ['every 5 min'],
      input: { maxMessages: 100, lanes: 6 },
      catchupWindowMs: 3_600_000,
    });
    await schedule('create', '--replace', '--cron', '0 3 * * *');
    expect(await described()).toMatchObject({
      when: ['cron 0 3 * * *'],
      input: { maxMessages: 100, lanes: 6 },
    });
    await schedule('create', '--replace', '--paused');
    expect((await described()).when).toEqual(['cron 0 3 * * *']);
  });

  test('--replace leaves a paused schedule paused', async () => {
    await schedule('create');
    await schedule('pause', '--note', 'database moves');
    await schedule('create', '--every', '5m', '--replace');
    expect(await described()).toMatchObject({ paused: true, note: 'database moves' });
  });

  test('refuses times that Temporal does not accept', async () => {
    const { exitCode, stderr } = await schedule('create', '--cron', '99 99 * * *');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('its times are not valid');
  });
});

describe('schedule', () => {
  test('pause and resume do so, need no payload key, and leave a note', async () => {
    await schedule('create');
    const { PAYLOAD_KEYS: _, ...withoutKeys } = stack.env;
    const paused = await loginEtl(withoutKeys, ['schedule', 'pause', '--note', 'tonight']);
    expect(paused.exitCode).toBe(0);
    expect(await described()).toMatchObject({ paused: true, note: 'tonight' });
    expect((await loginEtl(withoutKeys, ['schedule', 'resume'])).exitCode).toBe(0);
    expect((await described()).paused).toBe(false);
  });

  test('delete asks for confirmation, and without a terminal needs --yes', async () => {
    await schedule('create');
    const refused = await schedule('delete');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--yes');
    expect((await described()).when).toEqual(['every 60 s']);
    const deleted = await schedule('delete', '--yes');
    expect(deleted.exitCode, deleted.stderr).toBe(0);
    expect((await schedule('describe')).stderr).toContain('there is no schedule');
  });

  test('pause with an empty note pauses, too', async () => {
    await schedule('create');
    expect((await schedule('pause', '--note', '')).exitCode).toBe(0);
    expect(await described()).toMatchObject({ paused: true, note: 'paused with login-etl' });
  });

  test('trigger starts a run now, paused or not', async () => {
    await schedule('create', '--paused');
    expect((await schedule('trigger')).exitCode).toBe(0);
    await expect.poll(async () => (await described()).started, { timeout: 20_000 }).toBe(1);
    const [run] = (await described()).recent;
    expect(run?.workflowId).toMatch(/^ingest-logins-20/);
    await stack.client.workflow.getHandle(run?.workflowId ?? '').terminate();
  });

  test('describe prints a table without --json', async () => {
    await schedule('create');
    const { stdout } = await schedule('describe');
    expect(stdout).toMatch(/ingest-logins {2}active/);
    expect(stdout).toMatch(/when +every 60 s/);
  });

  test.each(['describe', 'pause', 'resume', 'trigger', 'delete'])(
    '%s fails without a schedule, and prints how to create one',
    async (command) => {
      const { exitCode, stderr } = await schedule(command);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('there is no schedule ingest-logins');
      expect(stderr).toContain('login-etl schedule create');
    },
  );

  test.each([
    ['TEMPORAL_ADDRESS', async () => ({ TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` })],
    ['TEMPORAL_NAMESPACE', async () => ({ TEMPORAL_NAMESPACE: 'nowhere' })],
  ])('names %s when that is what is wrong', async (setting, changes) => {
    const { exitCode, stderr } = await loginEtl({ ...stack.env, ...(await changes()) }, [
      'schedule',
      'pause',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(setting);
  });
});
