import type { Socket } from 'node:net';
import { SQSServiceException } from '@aws-sdk/client-sqs';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toFailure } from '../../src/activities/to-failure.ts';
import { UnknownPayloadKey } from '../../src/crypto/payloads/unknown-payload-key.ts';
import { freePort } from '../../src/local/ports/free-port.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';

const SECRET = '203.0.113.77';

/** All that Temporal would be given of an error. */
function everythingOf(error: Error): string {
  const names = Object.getOwnPropertyNames(error);
  return names.map((name) => `${name}: ${JSON.stringify(Reflect.get(error, name))}`).join('\n');
}

async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await work.then(
    () => 'nothing went wrong',
    (reason: unknown) => reason,
  );
  const failure = toFailure('insertBatch', error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure.cause).toBeUndefined();
  return failure as ApplicationFailure;
}

describe('an error of Postgres', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    await database.pool.query(`
      create table logins (ip varchar(20) primary key check (ip <> 'x${SECRET}'), day date, n smallint)`);
    await database.pool.query(`insert into logins values ('${SECRET}')`);
  });
  afterAll(() => database?.remove());

  const ROW = 'a row breaks a constraint';
  const VALUE = 'a value does not fit its column';
  const MISSING = 'a table is missing';
  const SYNTAX = 'Postgres does not understand a statement';

  test.each([
    ['23505', ROW, `insert into logins values ('${SECRET}')`],
    ['23514', ROW, `insert into logins values ('x${SECRET}')`],
    ['22007', VALUE, `insert into logins values ('y', '${SECRET}')`],
    ['22P02', VALUE, `select '${SECRET}'::int`],
    ['42P01', MISSING, `select * from "${SECRET}"`],
    ['42601', SYNTAX, `select "${SECRET}" "${SECRET}" "${SECRET}"`],
    [
      'P0001',
      'a trigger or a function of the table refuses the row',
      `do $$ begin raise exception 'x' using detail = '${SECRET}'; end $$`,
    ],
  ])(
    '%s is its code and our advice, without the value that it repeats',
    async (code, advice, sql) => {
      const work = database.pool.query(sql);
      // The control: there is something to leak.
      await expect(work.catch(everythingOf)).resolves.toContain(SECRET);
      const failure = await failureOf(work);
      expect(failure.type).toBe(code);
      expect(failure.message).toMatch(new RegExp(`^insertBatch: ${advice}.* \\(${code}\\)$`));
      expect(everythingOf(failure)).not.toContain(SECRET);
    },
  );

  test('that a person has to see to is not retried; what may go away by itself is', async () => {
    const noTable = await failureOf(database.pool.query('select * from nowhere'));
    expect(noTable.nonRetryable).toBe(true);
    const cancelled = await failureOf(
      database.pool.query(
        `do $$ begin perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(5); end $$`,
      ),
    );
    expect(cancelled).toMatchObject({ type: '57014', nonRetryable: false });
  });

  test('that refuses the password names the setting, and not the password', async () => {
    const url = new URL(database.url);
    url.password = SECRET;
    const client = new pg.Client({ connectionString: url.href });
    const failure = await failureOf(client.connect());
    expect(failure).toMatchObject({ type: '28P01', nonRetryable: false });
    expect(failure.message).toContain('DATABASE_URL');
    expect(everythingOf(failure)).not.toContain(SECRET);
  });
});

test('a server that nobody answers for is waited for', async () => {
  const client = new pg.Client({ host: '127.0.0.1', port: await freePort() });
  const failure = await failureOf(client.connect());
  expect(failure).toMatchObject({ type: 'ECONNREFUSED', nonRetryable: false });
});

test("a JSON parser's message, which repeats its input, is left behind", async () => {
  const failure = await failureOf((async () => JSON.parse(`{"ip": ${SECRET}}`))());
  expect(failure).toMatchObject({ type: 'SyntaxError', nonRetryable: false });
  expect(everythingOf(failure)).not.toContain('203');
});

test('an error of SQS comes through as its name and our advice', async () => {
  const error = new SQSServiceException({
    name: 'QueueDoesNotExist',
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
    message: `no queue ${SECRET}`,
  });
  const failure = await failureOf(Promise.reject(error));
  expect(failure).toMatchObject({ type: 'QueueDoesNotExist', nonRetryable: true });
  expect(failure.message).toContain('SQS_QUEUE_URL');
  expect(everythingOf(failure)).not.toContain(SECRET);
});

test('an error of our own has its policy by its name', async () => {
  const failure = await failureOf(Promise.reject(new UnknownPayloadKey(SECRET)));
  expect(failure).toMatchObject({ type: 'UnknownPayloadKey', nonRetryable: true });
  expect(everythingOf(failure)).not.toContain(SECRET);
});

test.each([SECRET, undefined, null, { message: SECRET }, new Error(SECRET), [SECRET]])(
  'whatever is thrown becomes a failure without its text',
  async (thrown) => {
    const failure = await failureOf(Promise.reject(thrown as Error));
    expect(failure.nonRetryable).toBe(false);
    expect(everythingOf(failure)).not.toContain(SECRET);
  },
);

test('a failure that is ours already, and a cancellation, stay what they are', () => {
  for (const error of [ApplicationFailure.create({ message: 'ours' }), new CancelledFailure('x')]) {
    expect(toFailure('insertBatch', error)).toBe(error);
  }
});

test('a connection to Postgres that breaks off is SQLSTATE 08006, though pg gives it no code', async () => {
  const database = await createTestDatabase({ migrated: false });
  try {
    const client = await database.pool.connect();
    client.on('error', () => undefined);
    const query = client.query('select pg_sleep(60)');
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    const failure = await failureOf(query);
    client.release(true);
    expect(failure).toMatchObject({ type: '08006', nonRetryable: false });
    expect(failure.message).toBe('insertBatch: the connection to Postgres was lost (08006)');
  } finally {
    await database.remove();
  }
});
