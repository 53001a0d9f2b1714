import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { toFailure } from '../../src/activities/to-failure.ts';
import { payloadCodec } from '../../src/crypto/payloads/payload-codec.ts';
import { classifyError } from '../../src/errors/classify-error.ts';
import {
  AWS_POLICY,
  type ErrorPolicy,
  OWN_POLICY,
  policyForSqlstate,
  SQLSTATE_POLICY,
} from '../../src/errors/error-policy.ts';
import { deleteMessages } from '../../src/queue/delete-messages.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import { receiveBatch } from '../../src/queue/receive-batch.ts';
import { sqsClient } from '../../src/queue/sqs-client.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { batchToInsert, insertFitting, newIds } from '../postgres/ingest/batch-to-insert.ts';
import { sqsError } from '../support/servers/sqs-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';
import { closedGate } from './support/gate.ts';
import { FULL } from './support/sizes.ts';

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

/** What the workflow is told: the code, our advice, and whether trying again makes sense. */
function expectVerdict(error: unknown, code: string, { action, advice }: ErrorPolicy): void {
  expect(classifyError(error)).toEqual({ code, policy: { action, advice } });
  const failure = toFailure('step', error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({
    type: code,
    nonRetryable: action === 'final',
    message: `step: ${advice} (${code})`,
  });
}

/** Raised by functions of other teams. */
const CUSTOM_CODES = [
  'P0001',
  'P0002',
  'P0004',
  '21000',
  '38000',
  '39000',
  '44000',
  '54000',
  'LG042',
  '99999',
].map((code) => [code, policyForSqlstate(code)] as const);

describe('a trigger raises a code for one row of a batch, also one that means trouble with the server', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.pool.query(`
      create table raised (sqlstate text);
      create function raise_it() returns trigger language plpgsql as $$
        begin
          if new.user_id = 'trouble' then
            raise exception using errcode = (select sqlstate from raised);
          end if;
          return new;
        end $$;
      create trigger raise_it before insert on user_logins for each row execute function raise_it()`);
  });
  beforeEach(async () => {
    await database.pool.query('truncate user_logins, quarantine, raised');
  });
  afterAll(() => database?.remove());

  async function insertWithError(sqlstate: string) {
    await database.pool.query('insert into raised values ($1)', [sqlstate]);
    const userId = (index: number) => (index === 3 ? 'trouble' : `user-${index}`);
    return insertFitting(database.pool, batchToInsert({ rowIds: newIds(5), userId }));
  }

  const stored = async () =>
    (await database.pool.query('select user_id from user_logins')).rows.length;

  const codes = [...Object.entries(SQLSTATE_POLICY), ...CUSTOM_CODES].filter(
    ([key]) => !key.startsWith('LE'),
  );
  const RAISED = 'a trigger or a function of the table refuses the row';

  test.each(codes.map(([key, policy]) => [key.padEnd(5, '0'), policy] as const))(
    '%s: that row alone is refused, the others are stored',
    async (sqlstate, { action, advice }) => {
      const reason = action === 'row' ? advice : RAISED;
      expect(await insertWithError(sqlstate)).toEqual({
        inserted: 4,
        duplicates: 0,
        quarantined: 0,
        refused: [{ index: 3, reason: `user_logins: ${reason} (${sqlstate})` }],
      });
      expect(await stored()).toBe(4);
    },
  );
});

describe('SQS answers with an error', () => {
  let sqs: TestQueue;

  beforeAll(async () => {
    sqs = await startTestQueue();
  });
  afterAll(() => sqs?.stop());

  /** Each in a queue of its own name, so that all can fail at once. */
  const queueThatAnswers = (name: string) => ({ ...sqs.proxied, url: `${sqs.queue.url}/${name}` });
  const receiveFrom = (queue: TestQueue['queue']) =>
    receiveBatch(queue, { maxMessages: 1, maxBytes: 1_000 });

  /** These are not answers of SQS: they have tests of their own. */
  const OTHERWISE = [
    'MalformedSqsAnswer',
    'CredentialsProviderError',
    'TimeoutError',
    'DeletesKeepFailing',
  ];
  const byName = Object.entries(AWS_POLICY)
    .filter(([name]) => !OTHERWISE.includes(name))
    .map(([name, policy]) => [name, policy.action, policy] as const);

  describe('by its name', () => {
    beforeAll(() => {
      sqs.proxy.setFault(({ body }) => {
        const name = String(body.QueueUrl).split('/').at(-1) as string;
        return sqsError(/^[A-Z]\d+$/.test(name) ? Number(name.slice(1)) : 400, name);
      });
    });

    test.concurrent.each(byName)('%s: %s', async (name, _, policy) => {
      expectVerdict(await thrownBy(receiveFrom(queueThatAnswers(name))), name, policy);
    });

    test.concurrent.each([
      ['H400', 'final'],
      ['H403', 'final'],
      ['H429', 'wait'],
      ['H500', 'wait'],
      ['H503', 'wait'],
    ])('one that nobody knows, with HTTP status %s: %s', async (name, action) => {
      const { policy } = classifyError(await thrownBy(receiveFrom(queueThatAnswers(name))));
      expect(policy.action).toBe(action);
    });
  });

  test('an answer that is none of SQS’: final', async () => {
    sqs.proxy.setFault(() => ({ status: 200, body: { Messages: [{ Body: 'x' }] } }));
    const error = await thrownBy(receiveFrom(sqs.proxied));
    expectVerdict(error, 'MalformedSqsAnswer', AWS_POLICY.MalformedSqsAnswer as ErrorPolicy);
  });

  test('a connection that is cut: waited for', async () => {
    sqs.proxy.setFault(() => undefined);
    expect(classifyError(await thrownBy(receiveFrom(sqs.proxied)))).toMatchObject({
      code: 'UND_ERR_SOCKET',
      policy: { action: 'wait' },
    });
  });

  test('deletes that SQS goes on failing: tried again', async () => {
    sqs.proxy.setFault(({ body }) => {
      const Failed = (body.Entries as { Id: string }[]).map(({ Id }) => ({ Id, Code: 'Internal' }));
      return { status: 200, body: { Failed } };
    });
    const error = await thrownBy(deleteMessages(sqs.proxied, ['handle']));
    expectVerdict(error, 'DeletesKeepFailing', AWS_POLICY.DeletesKeepFailing as ErrorPolicy);
  });

  test('no credentials to be had: waited for', async () => {
    const nowhere = '/nonexistent/aws';
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined).stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', nowhere).stubEnv('AWS_SHARED_CREDENTIALS_FILE', nowhere);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const settings = { region: 'us-east-1', endpoint: sqs.proxy.endpoint };
    const client = sqsClient({ ...settings, queue: { url: sqs.queue.url } });
    try {
      const error = await thrownBy(
        openQueue(client, { ...settings, queue: { url: sqs.queue.url } }),
      );
      const policy = AWS_POLICY.CredentialsProviderError as ErrorPolicy;
      expectVerdict(error, 'CredentialsProviderError', policy);
    } finally {
      client.destroy();
      vi.unstubAllEnvs();
    }
  });

  // It takes the client's patience.
  if (FULL) {
    test('no answer at all: waited for', async () => {
      const gate = closedGate();
      sqs.proxy.setFault(async () => {
        await gate.pass();
        return undefined;
      });
      vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
      const queue = { url: `${sqs.proxy.endpoint}${new URL(sqs.queue.url).pathname}` };
      const settings = { region: 'us-east-1', endpoint: sqs.proxy.endpoint, queue };
      const client = sqsClient(settings);
      try {
        const error = await thrownBy(openQueue(client, settings));
        expectVerdict(error, 'TimeoutError', AWS_POLICY.TimeoutError as ErrorPolicy);
        // The calls that are made for every message time out by another name.
        expect(classifyError(await thrownBy(receiveFrom(sqs.proxied)))).toMatchObject({
          code: 'UND_ERR_HEADERS_TIMEOUT',
          policy: { action: 'wait' },
        });
      } finally {
        gate.open();
        client.destroy();
        vi.unstubAllEnvs();
      }
    });
  }
});

test('a payload key that is not there any more: final', async () => {
  const payload = { metadata: {}, data: Buffer.from('{}') };
  const encoded = await payloadCodec(testKeyring('old')).encode([payload]);
  const error = await thrownBy(payloadCodec(testKeyring('new')).decode(encoded));
  expectVerdict(error, 'UnknownPayloadKey', OWN_POLICY.UnknownPayloadKey as ErrorPolicy);
});
