import { parseArgs } from 'node:util';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { type SqsServer, startSqsServer } from '../../src/local/queue/sqs-server.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { migrate } from '../../src/postgres/run-migrations.ts';
import { createTestDatabase } from '../support/servers/test-database.ts';
import { fencedBlocks, readDocument } from './documents.ts';

const DOCUMENT = { path: 'docs/deploy.md', text: readDocument('docs/deploy.md') };
const ALREADY_EXISTS = '42710';
const NOT_ALLOWED = '42501';

const blocks = (language: string): string[] =>
  fencedBlocks(DOCUMENT)
    .filter((block) => block.language === language)
    .map(({ lines }) => lines.join('\n'));

test('the SQL for an administrator lets the owner migrate, the worker insert, and only others read', async () => {
  const database = await createTestDatabase({ migrated: false });
  const name = new URL(database.url).pathname.slice(1);
  const users = { owner: '', worker: '', analyst: '', custodian: '', reader: '' };
  const pools = Object.fromEntries(
    Object.keys(users).map((user) => {
      const given = { username: `${name}_${user}`, password: 'test' };
      const connectionString = Object.assign(new URL(database.url), given).href;
      return [user, postgresPool({ connectionString }, { applicationName: 'test' })];
    }),
  ) as Record<keyof typeof users, ReturnType<typeof postgresPool>>;
  try {
    // Users and roles are of the whole server.
    const sql = (blocks('sql')[0] ?? '')
      .replaceAll(/\betl_(?=\w)/g, `${name}_`)
      .replaceAll(`'…'`, `'test'`)
      .replaceAll('database logins', `database ${name}`);
    for (const statement of sql.split(';').filter((each) => each.trim() !== '')) {
      await database.pool.query(statement).catch((error: { code?: string }) => {
        if (!statement.includes('create role') || error.code !== ALREADY_EXISTS) throw error;
      });
    }
    await migrate(pools.owner);

    const [, query = ''] = /psql postgres:\S+ --command '([^']+)'/.exec(DOCUMENT.text) ?? [];
    for (const user of ['analyst', 'custodian', 'reader'] as const) {
      expect((await pools[user].query(query)).rows).toEqual([]);
    }
    await expect(pools.worker.query(query)).rejects.toMatchObject({ code: NOT_ALLOWED });
    const { rows } = await pools.worker.query<{ may: boolean }>(
      `select has_table_privilege('user_logins', 'insert') as may`,
    );
    expect(rows).toEqual([{ may: true }]);
  } finally {
    for (const pool of Object.values(pools)) await pool.end();
    await database.pool.query(`reassign owned by ${name}_owner to current_user`);
    await database.remove();
  }
});

/** The options of each command that begins with these words. */
const commands = (words: string) =>
  blocks('sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith(`${words} `))
    .map((line) => {
      const names = ['queue-name', 'queue-url', 'attributes', 'message-body'] as const;
      const options = Object.fromEntries(names.map((each) => [each, { type: 'string' as const }]));
      return parseArgs({ args: line.slice(words.length + 1).split(' '), options })
        .values as Partial<Record<(typeof names)[number], string>>;
    });

/** The emulator's only account. */
const ACCOUNT = '000000000000';
/** The JSON that has this field, as a file of the reader's. */
const json = (field: string): string =>
  (blocks('json').find((text) => field in (JSON.parse(text) as object)) ?? '').replaceAll(
    '111122223333',
    ACCOUNT,
  );

async function createQueues(server: SqsServer): Promise<string> {
  let url = '';
  for (const { 'queue-name': name = '', attributes = '' } of commands('aws sqs create-queue')) {
    const given =
      attributes === 'file://queue.json'
        ? json('RedrivePolicy')
        : JSON.stringify(Object.fromEntries([attributes.split('=')]));
    url = await server.createQueue(name, JSON.parse(given) as Record<string, string>);
  }
  return url;
}

test('the commands for SQS create both queues with their attributes, and send a message', async () => {
  const server = await startSqsServer({ region: 'eu-central-1' });
  const { endpoint, region } = server;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint, region, credentials });
  try {
    const QueueUrl = await createQueues(server);
    const [{ 'queue-url': shown = '' } = {}] = commands('aws sqs send-message');
    expect(new URL(QueueUrl).pathname).toBe(
      new URL(shown.replace('111122223333', ACCOUNT)).pathname,
    );
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: json('user_id') }));
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject(JSON.parse(json('RedrivePolicy')) as object);
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '1' });
  } finally {
    client.destroy();
    await server.stop();
  }
});
