import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { loadConfig } from '../../src/config/config.ts';
import { createMasker } from '../../src/crypto/keys/masker.ts';
import { createDate } from '../../src/domain/login/create-date.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { sqsClient } from '../../src/queue/sqs-client.ts';
import type { LoginMessage } from '../login-events.ts';
import { untilGo, warmMessages } from './warm-up.ts';

// A program as one would write it with npm's sqs-consumer and pg: eight consumers, ten messages per batch, and one insert
// per batch into a table like the job's, with the job's masking, AWS client and pool.
const CONSUMERS = 8;
const COLUMNS = 12;

const { sqs, postgres, masking } = loadConfig(['sqs', 'postgres', 'masking']);
const client = sqsClient(sqs);
const pool = postgresPool(postgres, { applicationName: 'sqs-consumer bench' });
const masker = createMasker(masking);
// The job's table asks for them.
const RUN_ID = '00000000-0000-0000-0000-000000000000';
const BATCH_NUMBER = 0;

let handled = 0;

async function handleMessageBatch(messages: Message[]): Promise<Message[]> {
  await pool.query({
    name: `insert-${messages.length}`,
    text: insertOf(messages.length),
    values: messages.flatMap(toRow),
  });
  handled += messages.length;
  return messages;
}

function toRow({ Body = '', MessageId, Attributes }: Message): unknown[] {
  const login = JSON.parse(Body) as LoginMessage;
  const sentAtMs = Number(Attributes?.SentTimestamp);
  return [
    ...[login.user_id, login.device_type],
    ...[masker.mask('ip', login.ip), masker.mask('device_id', login.device_id)],
    ...[login.locale, login.app_version, createDate(sentAtMs)],
    ...[MessageId, new Date(sentAtMs).toISOString(), masker.keyId, RUN_ID, BATCH_NUMBER],
  ];
}

function insertOf(rows: number): string {
  const tuples = Array.from({ length: rows }, (_, row) => {
    const places = Array.from({ length: COLUMNS }, (_, column) => `$${row * COLUMNS + column + 1}`);
    return `(${places.join(', ')})`;
  });
  return `
    insert into user_logins (
      user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date,
      message_id, sent_at, mask_key_id, run_id, batch_number
    )
    values ${tuples.join(', ')} on conflict do nothing`;
}

const consumers = Array.from({ length: CONSUMERS }, () =>
  Consumer.create({
    queueUrl: process.env.SQS_QUEUE_URL ?? '',
    sqs: client,
    batchSize: 10,
    // The shortest long poll, so that the pause after the warm-up begins soon; a full queue answers at once anyway.
    waitTimeSeconds: 1,
    messageSystemAttributeNames: ['SentTimestamp'],
    handleMessageBatch,
  }),
);
for (const consumer of consumers) {
  consumer.on('error', (error) => process.stderr.write(`${error.message}\n`));
}

for (const consumer of consumers) consumer.start();
while (handled < warmMessages()) await delay(10);
for (const consumer of consumers) consumer.stop();
while (consumers.some(({ status }) => status.isPolling)) await delay(10);
await untilGo();
for (const consumer of consumers) consumer.start();
