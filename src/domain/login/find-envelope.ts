/** The content of an envelope: a text to parse, or a value that is parsed already. */
export type Content = { text: string } | { json: unknown };

export type EnvelopeKind =
  // Unwrapped by a setting:
  | 'sns'
  | 'eventbridge'
  | 'base64'
  | 'kombu'
  | 'celery'
  // Recognised only:
  | 'celery-arguments'
  | 'sns-subscribe'
  | 'sns-unsubscribe'
  | 's3-pointer'
  | 's3-event'
  | 'kinesis-records'
  | 'event-records'
  | 'cloudevent'
  | 'compressed'
  | 'debezium'
  | 'kafka-connect'
  | 'outbox'
  | 'lambda-destination';

/** Only an envelope that can be unwrapped has a content. */
type Envelope = { kind: EnvelopeKind; content?: Content };

type Fields = Readonly<Record<string, unknown>>;

/** Returns the envelope if the message is one. Decompresses nothing and follows no pointer. */
export function findEnvelope(message: Content): Envelope | undefined {
  if ('text' in message) return base64Envelope(message.text);
  const { json } = message;
  if (typeof json === 'string') return base64Envelope(json);
  if (Array.isArray(json)) return listEnvelope(json);
  if (!isObject(json)) return undefined;
  return unwrappable(json) ?? named(namedKind(json));
}

const named = (kind: EnvelopeKind | undefined): Envelope | undefined => kind && { kind };

const isObject = (json: unknown): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function listEnvelope(list: readonly unknown[]): Envelope | undefined {
  const [first, second, third] = list;
  // `["…PayloadS3Pointer", {"s3BucketName": …}]`; `MessageS3Pointer` in older versions.
  if (typeof first === 'string' && first.endsWith('S3Pointer') && isObject(second)) {
    return 's3BucketName' in second ? { kind: 's3-pointer' } : undefined;
  }
  // The second version of Celery's protocol: `[args, kwargs, {"callbacks": …}]`.
  if (list.length === 3 && Array.isArray(first) && isObject(second) && isObject(third)) {
    const options = ['callbacks', 'errbacks', 'chain', 'chord'];
    return options.some((option) => option in third) ? celeryTask(first, second) : undefined;
  }
  // EventBridge Pipes and Lambda pass lists of records.
  return named(recordsKind(first));
}

function unwrappable(json: Fields): Envelope | undefined {
  const { Type, Message, source, detail, properties, body, args, kwargs } = json;
  if (Type === 'Notification' && 'TopicArn' in json && typeof Message === 'string') {
    return { kind: 'sns', content: { text: Message } };
  }
  if (typeof json['detail-type'] === 'string' && 'source' in json && isObject(detail)) {
    // S3 can notify through EventBridge, too.
    if (source === 'aws.s3') return { kind: 's3-event' };
    return { kind: 'eventbridge', content: { json: detail } };
  }
  if (isObject(properties) && typeof body === 'string') {
    if (properties.body_encoding === 'base64') return base64Envelope(body);
    if ('content-type' in json) return { kind: 'kombu', content: { text: body } };
  }
  // The first version of Celery's protocol.
  if (typeof json.task === 'string' && Array.isArray(args) && isObject(kwargs)) {
    return celeryTask(args, kwargs);
  }
  return undefined;
}

/** The login is the only object with a `user_id`, or else the only object in `args`. */
function celeryTask(args: readonly unknown[], kwargs: Fields): Envelope {
  const objects = args.filter(isObject);
  const logins = [...objects, kwargs, ...Object.values(kwargs).filter(isObject)].filter(
    (object) => 'user_id' in object,
  );
  const candidates = logins.length === 0 ? objects : logins;
  return candidates.length === 1
    ? { kind: 'celery', content: { json: candidates[0] } }
    : { kind: 'celery-arguments' };
}

/** Envelopes that are recognised and not unwrapped. */
function namedKind(json: Fields): EnvelopeKind | undefined {
  const { Type, Service, Event, requestContext } = json;
  if ('TopicArn' in json && Type === 'SubscriptionConfirmation') return 'sns-subscribe';
  if ('TopicArn' in json && Type === 'UnsubscribeConfirmation') return 'sns-unsubscribe';
  // As the extended client libraries for other languages write it.
  if (isObject(json.S3Payload) || ('s3BucketName' in json && 's3Key' in json)) return 's3-pointer';
  if (Service === 'Amazon S3' && Event === 's3:TestEvent') return 's3-event';
  if (typeof json.specversion === 'string' && ('data' in json || 'data_base64' in json)) {
    return 'cloudevent';
  }
  if (isObject(requestContext) && 'requestPayload' in json && 'condition' in requestContext) {
    return 'lambda-destination';
  }
  const records = json.Records ?? json.records;
  if (Array.isArray(records)) return recordsKind(records[0]);
  return recordsKind(json) ?? changeKind(json);
}

/** By one record, of a list or alone. */
function recordsKind(record: unknown): EnvelopeKind | undefined {
  if (!isObject(record)) return undefined;
  const source = record.eventSource ?? record.EventSource;
  const isKinesis =
    source === 'aws:kinesis' ||
    isObject(record.kinesis) ||
    (typeof record.data === 'string' && ('partitionKey' in record || 'recordId' in record)) ||
    (typeof record.Data === 'string' && 'PartitionKey' in record);
  if (isKinesis) return 'kinesis-records';
  if (source === 'aws:s3') return 's3-event';
  return typeof source === 'string' && source.startsWith('aws:') ? 'event-records' : undefined;
}

/** Rows of a database that a connector or the sender's outbox publishes. */
function changeKind(json: Fields): EnvelopeKind | undefined {
  const change = isObject(json.payload) ? json.payload : json;
  if (typeof change.op === 'string' && ('before' in change || 'after' in change)) return 'debezium';
  if ('payload' in json && isObject(json.schema)) return 'kafka-connect';
  const names = Object.keys({ ...json, ...change }).map((name) =>
    name.replaceAll('_', '').toLowerCase(),
  );
  return names.includes('aggregateid') && names.includes('aggregatetype') ? 'outbox' : undefined;
}

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Base64 (also URL-safe, without padding or with line ends) of compressed data, or of text that begins as JSON. */
function base64Envelope(value: string): Envelope | undefined {
  const compact = value.replace(/\s/g, '');
  if (!BASE64.test(compact)) return undefined;
  const bytes = Buffer.from(compact, 'base64');
  if (isCompressed(bytes)) return { kind: 'compressed' };
  try {
    const text = utf8.decode(bytes);
    return /^\s*[{[]/.test(text) ? { kind: 'base64', content: { text } } : undefined;
  } catch {
    return undefined;
  }
}

/** By the first bytes of gzip, zstd and zlib. Those of zlib are few, so a short text does not count. */
function isCompressed(bytes: Buffer): boolean {
  if (bytes.length < 10) return false;
  const start = bytes.readUInt32BE(0);
  const isZlib = start >>> 24 === 0x78 && (start >>> 16) % 31 === 0 && bytes.length >= 32;
  return start >>> 8 === 0x1f8b08 || start === 0x28b52ffd || isZlib;
}
