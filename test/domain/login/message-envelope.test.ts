import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { MAX_EVENT_BYTES, parseLoginEvent } from '../../../src/domain/login/login-event.ts';
import { ENVELOPE_SETTINGS, MAX_ENVELOPES } from '../../../src/domain/login/message-envelope.ts';
import { OTHER_REASON, reasonLabels } from '../../../src/domain/login/quarantine-reasons.ts';
import { loginFields, loginMessage } from '../../support/data/login-messages.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const sns = (Message: string) =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:logins',
    Message,
    Timestamp: '2026-11-22T12:00:00.000Z',
    SignatureVersion: '1',
    Signature: 'EXAMPLE',
    SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/cert.pem',
    UnsubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe',
  });
const eventbridge = (detail: string) =>
  JSON.stringify({
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'login',
    source: 'auth',
    account: '123456789012',
    time: '2026-11-22T12:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail: JSON.parse(detail),
  });
const kombu = (text: string) =>
  base64(
    JSON.stringify({
      body: base64(text),
      'content-encoding': 'utf-8',
      'content-type': 'application/json',
      headers: {},
      properties: { body_encoding: 'base64', delivery_tag: 'x' },
    }),
  );
const s3Pointer = (name: string) => JSON.stringify([name, { s3BucketName: 'big', s3Key: '8f9d' }]);

const celery = (args: unknown[], kwargs: object = {}) =>
  kombu(
    JSON.stringify([args, kwargs, { callbacks: null, errbacks: null, chain: null, chord: null }]),
  );

const login = loginMessage(1, { user_id: 'ü🦊' });
const fields = JSON.parse(login);
const event = loginFields(1, { user_id: 'ü🦊' });
const WRAPPED = [
  ['sns', sns(login), 'is an SNS notification'],
  ['eventbridge', eventbridge(login), 'is an EventBridge event'],
  ['base64', base64(login), 'is base64'],
  ['base64', Buffer.from(login).toString('base64url'), 'is base64'],
  [
    'base64',
    `${base64(login)
      .match(/.{1,76}/g)
      ?.join('\r\n')}\n`,
    'is base64',
  ],
  ['base64', JSON.stringify(base64(login)), 'is base64'],
  ['base64', kombu(login), 'is base64'],
  ['base64', celery([fields]), 'is base64'],
  ['base64', celery([7, fields, 'x'], { retries: 1 }), 'is base64'],
  ['base64', celery([], fields), 'is base64'],
  ['base64', celery([{ trace: 1 }], { event: fields, other: {} }), 'is base64'],
  [
    'base64',
    kombu(JSON.stringify({ task: 'x', id: 'y', args: [fields], kwargs: {} })),
    'is base64',
  ],
  [
    'base64',
    JSON.stringify({ body: login, 'content-type': 'application/json', properties: {} }),
    'is a Kombu message',
  ],
  ['base64', JSON.stringify([[fields], {}, { chain: null }]), 'is a Celery task'],
] as const;

test.each(WRAPPED)('%s is unwrapped where the setting allows it', (setting, body) => {
  expect(parseLoginEvent(body, setting)).toEqual({ event });
  expect(parseLoginEvent(body, 'auto')).toEqual({ event });
});

test.each(WRAPPED)('%s that is not unwrapped is named, with the setting', (own, body, rule) => {
  for (const setting of ENVELOPE_SETTINGS) {
    if (setting === own || setting === 'auto') continue;
    const reason = `message: ${rule} (MESSAGE_ENVELOPE=${own} would unwrap it)`;
    expect(parseLoginEvent(body, setting)).toEqual({ reason });
    expect(reasonLabels(reason)).toEqual({ field: 'message', rule });
  }
});

test.each(ENVELOPE_SETTINGS)('a login without an envelope is read with %s', (setting) => {
  expect(parseLoginEvent(login, setting)).toEqual({ event });
  const extra = loginMessage(1, { Type: 'Notification', TopicArn: 'x', Message: 'y' });
  expect(parseLoginEvent(extra, setting)).toEqual({ event: loginFields(1) });
});

test('auto unwraps envelopes in envelopes, a bounded number of them', () => {
  expect(parseLoginEvent(sns(eventbridge(login)), 'auto')).toEqual({ event });
  expect(parseLoginEvent(base64(sns(login)), 'auto')).toEqual({ event });
  expect(parseLoginEvent(sns(kombu(login)), 'auto')).toEqual({ event });
  let nested = login;
  for (let depth = 0; depth < MAX_ENVELOPES; depth += 1) nested = sns(nested);
  expect(parseLoginEvent(nested, 'auto')).toEqual({ event });
  expect(parseLoginEvent(sns(nested), 'auto')).toEqual({
    reason: 'message: is in too many envelopes (MESSAGE_ENVELOPE unwraps 4)',
  });
});

test('a setting is suggested only if it unwraps all envelopes of a message', () => {
  expect(parseLoginEvent(base64(sns(login))).reason).toBe(
    'message: is base64 (MESSAGE_ENVELOPE=auto would unwrap it)',
  );
  expect(parseLoginEvent(sns(sns(sns(sns(sns(login)))))).reason).toBe(
    'message: is in too many envelopes (MESSAGE_ENVELOPE unwraps 4)',
  );
  const pointer = s3Pointer('software.amazon.payloadoffloading.PayloadS3Pointer');
  const reason =
    'message: is an SNS notification (in it is an S3 pointer of the SQS extended client library, which MESSAGE_ENVELOPE cannot unwrap)';
  expect(parseLoginEvent(sns(pointer)).reason).toBe(reason);
  expect(reasonLabels(reason).rule).toBe('is an SNS notification');
});

test('a Celery task with several logins, or none, is named and not unwrapped', () => {
  const reason =
    'message: is a Celery task whose arguments are not one JSON object (MESSAGE_ENVELOPE cannot unwrap it)';
  const bodies = [celery([fields, fields]), celery([fields], { event: fields }), celery([7], {})];
  for (const body of [...bodies, celery([{}, {}], { event: {} }), celery([], { a: 'b' })]) {
    expect(parseLoginEvent(body, 'base64')).toEqual({ reason });
    expect(parseLoginEvent(body, 'auto')).toEqual({ reason });
    expect(parseLoginEvent(body).reason).toMatch(
      /^message: is base64 \(in it is a Celery task .+cannot unwrap\)$/,
    );
  }
  expect(parseLoginEvent(celery([{ user_id: 'x' }]), 'auto').reason).toMatch(
    /is missing \(in a Celery task in base64 in base64, MESSAGE_ENVELOPE=auto\)$/,
  );
});

const record = (eventSource: string, more: object) => ({
  eventSource,
  awsRegion: 'eu-central-1',
  ...more,
});
const sqsRecord = record('aws:sqs', { messageId: 'x', receiptHandle: 'y', body: login });
const kinesisRecord = record('aws:kinesis', {
  kinesis: { partitionKey: 'x', data: base64(login) },
});
const change = {
  before: null,
  after: fields,
  source: { connector: 'postgresql' },
  op: 'c',
  ts_ms: 1,
};
const confirmation = (Type: string) => ({
  ...JSON.parse(sns(login)),
  Type,
  Token: 'x',
  SubscribeURL: 'y',
});
const cloudEvent = { specversion: '1.0', id: 'x', source: '/auth', type: 'login' };
const RECOGNISED: readonly (readonly [rule: string, body: unknown])[] = [
  ['is an SNS SubscriptionConfirmation', confirmation('SubscriptionConfirmation')],
  ['is an SNS UnsubscribeConfirmation', confirmation('UnsubscribeConfirmation')],
  [
    'is an S3 event notification',
    { Records: [record('aws:s3', { s3: { object: { key: 'x' } } })] },
  ],
  [
    'is an S3 event notification',
    { 'detail-type': 'Object Created', source: 'aws.s3', detail: { object: { key: 'x' } } },
  ],
  ['is an S3 event notification', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'x' }],
  ['is an S3 pointer of the SQS extended client library', { S3Payload: { Id: 'x', Key: 'y' } }],
  ['is an S3 pointer of the SQS extended client library', { s3BucketName: 'x', s3Key: 'y' }],
  ['is a CloudEvents event', { ...cloudEvent, data: fields }],
  ['is a CloudEvents event', { ...cloudEvent, data_base64: base64(login) }],
  ['is one or more event records of AWS', [sqsRecord, sqsRecord]],
  ['is one or more event records of AWS', { Records: [sqsRecord] }],
  ['is one or more event records of AWS', { Records: [{ EventSource: 'aws:sns', Sns: {} }] }],
  ['is one or more Kinesis records', { Records: [kinesisRecord] }],
  ['is one or more Kinesis records', [kinesisRecord]],
  ['is one or more Kinesis records', record('aws:kinesis', { partitionKey: 'x', data: 'y' })],
  ['is one or more Kinesis records', { Data: base64(login), PartitionKey: 'x' }],
  ['is one or more Kinesis records', { records: [{ recordId: 'x', data: base64(login) }] }],
  ['is a Debezium change event', change],
  ['is a Debezium change event', { schema: { type: 'struct' }, payload: change }],
  ['is a Kafka Connect record with its schema', { schema: { type: 'string' }, payload: login }],
  [
    'is a row of an outbox table',
    { id: 1, aggregatetype: 'user', aggregateid: 'x', payload: login },
  ],
  ['is a row of an outbox table', { aggregate_type: 'user', aggregate_id: 'x', payload: fields }],
  [
    'is the record of a Lambda destination',
    {
      version: '1.0',
      requestContext: { functionArn: 'x', condition: 'Success' },
      requestPayload: {},
      responsePayload: fields,
    },
  ],
];

test.each(RECOGNISED)('what MESSAGE_ENVELOPE cannot unwrap is named: %s, %o', (rule, body) => {
  const reason = `message: ${rule} (MESSAGE_ENVELOPE cannot unwrap it)`;
  for (const setting of ENVELOPE_SETTINGS) {
    expect(parseLoginEvent(JSON.stringify(body), setting)).toEqual({ reason });
  }
  expect(reasonLabels(reason)).toEqual({ field: 'message', rule });
  expect(
    parseLoginEvent(JSON.stringify({ ...(body as object), ...fields })).reason,
  ).toBeUndefined();
});

test('compressed data is named and never decompressed', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  expect(bomb.length).toBeLessThan(100_000);
  const compressed = [bomb, gzipSync(login), deflateSync(login), zstdCompressSync(login)];
  const reason = 'message: is compressed data in base64 (MESSAGE_ENVELOPE cannot unwrap it)';
  const before = process.memoryUsage.rss();
  for (const setting of ENVELOPE_SETTINGS) {
    for (const data of compressed) {
      expect(parseLoginEvent(data.toString('base64'), setting)).toEqual({ reason });
    }
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(40_000_000);
});

test('an envelope in another one that the setting does not unwrap is named', () => {
  expect(parseLoginEvent(sns(eventbridge(login)), 'sns')).toEqual({
    reason: 'message: is an EventBridge event (MESSAGE_ENVELOPE=auto would unwrap it)',
  });
});

test.each([
  'software.amazon.payloadoffloading.PayloadS3Pointer',
  'com.amazon.sqs.javamessaging.MessageS3Pointer',
])('an S3 pointer is named and never followed: %s', (name) => {
  const reason =
    'message: is an S3 pointer of the SQS extended client library (MESSAGE_ENVELOPE cannot unwrap it)';
  for (const setting of ENVELOPE_SETTINGS) {
    expect(parseLoginEvent(s3Pointer(name), setting)).toEqual({ reason });
  }
  expect(parseLoginEvent(sns(s3Pointer(name)), 'sns')).toEqual({ reason });
  expect(reasonLabels(reason)).not.toEqual(OTHER_REASON);
});

test('a bad login in an envelope has its own reason, which names envelope and setting', () => {
  const reason = 'ip: is missing (in an SNS notification, MESSAGE_ENVELOPE=sns)';
  expect(parseLoginEvent(sns(loginMessage(1, { ip: undefined })), 'sns')).toEqual({ reason });
  expect(reasonLabels(reason)).toEqual({ field: 'ip', rule: 'is missing' });
  expect(parseLoginEvent(sns('hello'), 'auto').reason).toBe(
    'message: is not JSON (in an SNS notification, MESSAGE_ENVELOPE=auto)',
  );
  expect(parseLoginEvent(base64(sns('hello')), 'auto').reason).toBe(
    'message: is not JSON (in an SNS notification in base64, MESSAGE_ENVELOPE=auto)',
  );
});

test.each([
  ['a word', 'nonsense', 'message: is not JSON'],
  ['base64 of a word', base64('nonsense'), 'message: is not JSON'],
  ['base64 of bytes', Buffer.from([0x7b, 0xff, 0xfe]).toString('base64'), 'message: is not JSON'],
  [
    'a notification without a text',
    '{"Type":"Notification","TopicArn":"x"}',
    'user_id: is missing',
  ],
  ['an event without detail', '{"detail-type":"x","source":"y"}', 'user_id: is missing'],
  ['a text in JSON', JSON.stringify(login), 'message: is not a JSON object'],
  ['base64 of a short text that begins as zlib does', 'eJwlogin', 'message: is not JSON'],
  ['a list of logins', `[${login}]`, 'message: is not a JSON object'],
  ['a list', '["S3Pointer"]', 'message: is not a JSON object'],
])('%s is no envelope', (_what, body, reason) => {
  for (const setting of ENVELOPE_SETTINGS)
    expect(parseLoginEvent(body, setting).reason).toBe(reason);
});

test('the reading of hostile bodies takes time that grows linearly with them', () => {
  const bodies = [
    'a '.repeat(131_000),
    `${' '.repeat(262_000)}!`,
    'A'.repeat(262_144),
    '='.repeat(262_144),
    base64('['.repeat(190_000)),
    `[${'{"Records":[{}]},'.repeat(15_000)}{}]`,
  ];
  const started = performance.now();
  for (const body of bodies) {
    expect(body.length).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(parseLoginEvent(body, 'auto').event).toBeUndefined();
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});
