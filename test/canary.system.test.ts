import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../src/local/ports/free-port.ts';
import { loginEtl } from './cli/in-process.ts';
import { startedCodecServer } from './codec-server/started-codec-server.ts';
import { filesBelow, findTraces, formsOf, type Haystack } from './support/data/find-traces.ts';
import { loginMessage, loginMessages, smallBadMessages } from './support/data/login-messages.ts';
import { type Stack, startStack } from './support/start-stack.ts';
import { makeTestDirectory } from './support/test-directory.ts';

/** Nobody else's: whatever is found was leaked by us. */
const ADDRESSES = ['203.0.113.77', '198.51.100.201', '2001:db8:cafe:77::beef'];
const LONG_ADDRESS = '2001:0DB8:CAFE:0077:0000:0000:0000:BEEF';
const DEVICES = ['canary-device-1f3a', 'canary-device-2b4c', 'canary-device-3d5e'];
const PLANTED = [...ADDRESSES, LONG_ADDRESS, ...DEVICES];
const CONTROL = `control-${randomBytes(8).toString('hex')}`;

const planted = (changes: object = {}) =>
  [...ADDRESSES, LONG_ADDRESS].map((ip, index) =>
    loginMessage(index, { ip, device_id: DEVICES[index % DEVICES.length], ...changes }),
  );

const GOOD = planted();
const ROBOTS = planted({ user_id: 'robot' });
const BAD = [
  ...planted().map((body) => body.slice(0, -1)),
  ...planted().map((body) => `not JSON ${body}`),
  ...planted({ user_id: undefined }),
  ...planted({ locale: 5 }),
  ...ADDRESSES.map((ip) => loginMessage(1, { ip: `${ip}/32`, device_id: DEVICES[0] })),
  ...DEVICES.map((device) => loginMessage(1, { device_id: device.repeat(30) })),
  ...DEVICES.map((device) => JSON.stringify({ [device]: ADDRESSES })),
  JSON.stringify(PLANTED.join(' ').repeat(5_000)),
];

let directory: string;
let stack: Stack;
let metrics: string;
let workerLog: string;
let shown: Haystack[];
let rawHistories: string;

/** Everything that can go wrong with a message, with a worker that says all it can. */
async function runEverything(): Promise<void> {
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  const worker = await stack.spawnWorker({
    LOG_LEVEL: 'debug',
    WORKER_METRICS_ADDRESS: metricsAddress,
  });
  await runOverGoodAndBad();
  await runThatFailsForGood();
  await runWithNonsenseInput();
  metrics = await (await fetch(`http://${metricsAddress}/metrics`)).text();
  shown = await outputsOfCommands();
  rawHistories = await historiesWithoutKeys();
  await worker.stop();
  workerLog = await worker.log();
}

/** Each as the role that it is for, and as one that may not; with bad messages still on the queue. */
const COMMANDS = [
  ...[
    'status',
    'status --json',
    'peek --messages 10',
    'peek --messages 10 --json',
    'runs',
    'runs --json',
  ],
  ...[
    'reconcile',
    'doctor',
    'schedule describe',
    'keys list',
    'rows',
    'rows --format csv',
    'stats --json',
  ],
  ...[
    'quarantine list',
    'quarantine list --messages --json',
    'audit list',
    'audit verify',
    'migrate --check',
  ],
  ...[
    'reveal --ip 00 --reason test',
    'run --lanes 0',
    'send /nowhere',
    'nonsense',
    'remask status',
    'rotate status',
  ],
];

async function outputsOfCommands(): Promise<Haystack[]> {
  await stack.send(BAD);
  const haystacks: Haystack[] = [];
  for (const role of ['worker', 'analyst', 'custodian'] as const) {
    const env = { ...stack.env, DATABASE_URL: stack.databaseUrls[role] };
    for (const command of COMMANDS) {
      const { stdout, stderr } = await loginEtl(env, command.split(' '));
      const bytes = Buffer.from(`${stdout}${stderr}`);
      haystacks.push({ place: `${command}, as ${role}`, bytes });
    }
  }
  return haystacks;
}

/** What Temporal gives to whoever may read the namespace, its payloads as they are. */
async function historiesWithoutKeys(): Promise<string> {
  const { connection } = stack.client;
  const texts: string[] = [];
  for await (const { workflowId, runId } of stack.client.workflow.list()) {
    const { raw } = await new Client({ connection }).workflow
      .getHandle(workflowId, runId)
      .describe();
    const history = await stack.client.workflow.getHandle(workflowId, runId).fetchHistory();
    texts.push(JSON.stringify(raw), JSON.stringify(history, withBytesInBase64));
    for (const payload of payloadsWithin(history))
      texts.push(Buffer.from(payload).toString('latin1'));
  }
  return texts.join('\n');
}

const withBytesInBase64 = (_name: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;

function* payloadsWithin(value: unknown): Generator<Uint8Array> {
  if (value instanceof Uint8Array) yield value;
  else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) yield* payloadsWithin(each);
  }
}

/** Postgres refuses some rows, with the rows in its errors' detail. */
async function runOverGoodAndBad(): Promise<void> {
  const others = [...loginMessages(50), ...smallBadMessages(1).map(({ body }) => body)];
  await stack.send([...GOOD, ...BAD, ...ROBOTS, ...others]);
  expect(await stack.run({ batchSize: 30 })).toMatchObject({
    inserted: GOOD.length + 50,
    quarantined: BAD.length + ROBOTS.length + others.length - 50,
  });
}

async function runThatFailsForGood(): Promise<void> {
  await stack.send([...GOOD, ...BAD]);
  await stack.pool.query('alter table user_logins rename to gone');
  const error: unknown = await stack.run().catch((reason: unknown) => reason);
  await stack.pool.query('alter table gone rename to user_logins');
  expect((error as WorkflowFailedError).cause?.cause).toMatchObject({ type: '42P01' });
}

async function runWithNonsenseInput(): Promise<void> {
  await expect(stack.run({ lanes: ADDRESSES[0], [DEVICES[0] as string]: 1 })).rejects.toThrow();
}

beforeAll(async () => {
  directory = await makeTestDirectory('canary');
  await mkdir(join(directory, 'temporal'));
  stack = await startStack({
    temporalDatabaseFile: join(directory, 'temporal', 'temporal.db'),
    temporalLogFile: join(directory, 'temporal.log'),
    ownPostgres: { log_statement: 'all', log_error_verbosity: 'verbose' },
  });
  await stack.pool.query(`
    alter table user_logins add constraint no_robots check (user_id <> 'robot');
    create table control as select '${CONTROL}' as value`);
  await runEverything();
}, 240_000);

afterAll(async () => {
  await stack?.stop();
  if (directory) await rm(directory, { recursive: true, force: true });
});

/** The control is something that has to be there: a search that finds nothing at all proves nothing. */
function expectNoTrace(haystacks: Haystack[], control: string): void {
  const found = findTraces(haystacks, [control]).filter(({ form }) => form === 'plain');
  expect(found.length).toBeGreaterThan(0);
  expect(findTraces(haystacks, PLANTED)).toEqual([]);
}

test("the Temporal server's database holds no planted value", async () => {
  await stack.temporal.stop();
  const files = await filesBelow(join(directory, 'temporal'));
  expectNoTrace(files, 'ingestLogins');
  // A payload that is not encrypted would be found as this one is.
  expectNoTrace(files, 'lane 1: mask 30 messages');
});

test("Postgres' files and every row of every table hold no planted value", async () => {
  const { pool, postgres } = stack;
  await pool.query('checkpoint');
  const { rows: tables } = await pool.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['vault', 'vault_data_keys', 'quarantine', 'audit_log']),
  );
  for (const { name } of tables) {
    const { rows } = await pool.query<{ text: string }>(`select t::text as text from ${name} t`);
    const bytes = Buffer.from(rows.map(({ text }) => text).join('\n'));
    expect(findTraces([{ place: name, bytes }], PLANTED)).toEqual([]);
  }
  expectNoTrace(await filesBelow(postgres?.server.dataDirectory ?? ''), CONTROL);
});

test('no line of a log holds a planted value, with the worker at debug and Postgres at its most talkative', async () => {
  const haystack = (place: string, text: string) => [{ place, bytes: Buffer.from(text) }];
  expectNoTrace(haystack('worker', workerLog), '"level":"debug"');
  const postgresLog = await readFile(stack.postgres?.logFile ?? '', 'utf8');
  expectNoTrace(haystack('Postgres', postgresLog), 'Failing row contains');
  const temporalLog = await readFile(join(directory, 'temporal.log'), 'utf8');
  expect(findTraces(haystack('Temporal', temporalLog), PLANTED)).toEqual([]);
});

test('no command that reads shows a planted value, also where it fails', () => {
  expectNoTrace(shown, 'completed');
});

test('what Temporal gives to readers without a key holds no planted value', () => {
  expectNoTrace(
    [{ place: 'histories', bytes: Buffer.from(rawHistories, 'latin1') }],
    'ingestLogins',
  );
});

test('the codec server shows nothing to callers without a token', async () => {
  const server = await startedCodecServer();
  const payloads = [await server.seal(PLANTED), await server.seal({ ip: ADDRESSES[0] })];
  const answers = [
    await server.decode(payloads, {}),
    await server.decode(payloads, { authorization: `Bearer ${'x'.repeat(40)}` }),
    await server.decode(payloads, { authorization: 'Basic eDp5' }),
  ];
  const bytes = Buffer.from((await Promise.all(answers.map((each) => each.text()))).join('\n'));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(findTraces([{ place: 'answers', bytes }], PLANTED)).toEqual([]);
  expect(findTraces([{ place: 'log', bytes: Buffer.from(server.log()) }], PLANTED)).toEqual([]);
  // With the token it does, so the search is not in vain.
  const decoded = await (await server.decode(payloads)).text();
  expect(findTraces([{ place: 'decoded', bytes: Buffer.from(decoded) }], PLANTED)).not.toEqual([]);
});

test('the metrics hold no planted value', () => {
  expectNoTrace([{ place: 'metrics', bytes: Buffer.from(metrics) }], 'activity_type="insertBatch"');
});

describe('the search', () => {
  const search = (text: string | Buffer) =>
    findTraces([{ place: 'here', bytes: Buffer.from(text) }], PLANTED);

  test.each(PLANTED)('finds %s in every form that it looks for', (value) => {
    for (const [form, bytes] of Object.entries(formsOf(value))) {
      const hidden = Buffer.concat([Buffer.from('before '), bytes, Buffer.from(' after')]);
      expect(search(hidden), form).toContainEqual({ value, form, place: 'here' });
    }
  });

  test('finds a value in base64 wherever it begins, and among whatever neighbours', () => {
    for (const value of PLANTED) {
      for (let before = 0; before < 12; before += 1) {
        const text = `${'~'.repeat(before)}${value}${'?'.repeat(before % 5)}`;
        expect(search(Buffer.from(text).toString('base64')), text).not.toEqual([]);
      }
    }
  });

  test('finds nothing in text without planted values', () => {
    expect(search(randomBytes(100_000))).toEqual([]);
    expect(search(loginMessages(1_000).join())).toEqual([]);
  });
});
