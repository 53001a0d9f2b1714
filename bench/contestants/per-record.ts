import { createHash } from 'node:crypto';
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import pg from 'pg';
import { loadConfig } from '../../src/config/config.ts';
import type { LoginMessage } from '../login-events.ts';
import { untilGo, warmMessages } from './warm-up.ts';

// A program that works like the old scripts: ten messages per poll, and a connection, an insert and a delete for each.
const { postgres } = loadConfig(['postgres']);
const client = new SQSClient({});
const QueueUrl = process.env.SQS_QUEUE_URL;

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');

async function store(message: Message): Promise<void> {
  const login = JSON.parse(message.Body ?? '') as LoginMessage;
  const connection = new pg.Client(postgres);
  await connection.connect();
  await connection.query('insert into user_logins values ($1, $2, $3, $4, $5, $6, $7)', [
    ...[login.user_id, login.device_type, sha256(login.ip), sha256(login.device_id)],
    ...[login.locale, login.app_version, new Date().toISOString().slice(0, 10)],
  ]);
  await connection.end();
}

async function handle(messages: number): Promise<void> {
  for (let handled = 0; handled < messages; ) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    for (const message of Messages) {
      await store(message);
      const { ReceiptHandle } = message;
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      handled += 1;
    }
  }
}

await handle(warmMessages());
await untilGo();
await handle(Number.POSITIVE_INFINITY);
