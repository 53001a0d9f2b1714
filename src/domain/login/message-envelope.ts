/** Values of the setting MESSAGE_ENVELOPE: which envelopes the job unwraps. */
export const ENVELOPE_SETTINGS = ['none', 'sns', 'eventbridge', 'base64', 'auto'] as const;
export type EnvelopeSetting = (typeof ENVELOPE_SETTINGS)[number];

/** Envelopes may be nested: EventBridge to SNS to SQS, base64 in base64 (Celery). */
export const MAX_ENVELOPES = 4;

/** The content of an envelope: a text to parse, or a value that is parsed already. */
export type Content = { text: string } | { json: unknown };

type Envelope = { kind: EnvelopeKind; content: Content };
export type EnvelopeKind = 'sns' | 'eventbridge' | 'base64' | 's3-pointer';

export const ENVELOPE_RULES: Readonly<Record<EnvelopeKind, string>> = {
  sns: 'is an SNS notification',
  eventbridge: 'is an EventBridge event',
  base64: 'is base64',
  's3-pointer': 'is an S3 pointer of the SQS extended client library',
};
export const TOO_MANY_ENVELOPES = 'is in too many envelopes';

type Fields = Readonly<Record<string, unknown>>;

/** Returns the envelope if the message is one. */
export function findEnvelope(message: Content): Envelope | undefined {
  if ('text' in message) return base64Envelope(message.text);
  const { json } = message;
  if (isS3Pointer(json)) return { kind: 's3-pointer', content: message };
  if (!isObject(json)) return undefined;
  if (json.Type === 'Notification' && 'TopicArn' in json && typeof json.Message === 'string') {
    return { kind: 'sns', content: { text: json.Message } };
  }
  if (typeof json['detail-type'] === 'string' && 'source' in json && isObject(json.detail)) {
    return { kind: 'eventbridge', content: { json: json.detail } };
  }
  return isObject(json.properties) && json.properties.body_encoding === 'base64'
    ? base64Envelope(json.body)
    : undefined;
}

/** Returns why an envelope is not unwrapped: a rule that names the envelope and the setting. */
export function envelopeRefusal(
  kind: EnvelopeKind,
  setting: EnvelopeSetting,
  depth: number,
): string | undefined {
  const rule = ENVELOPE_RULES[kind];
  if (kind === 's3-pointer') return `${rule} (MESSAGE_ENVELOPE cannot unwrap it)`;
  if (depth >= MAX_ENVELOPES) {
    return `${TOO_MANY_ENVELOPES} (MESSAGE_ENVELOPE unwraps ${MAX_ENVELOPES})`;
  }
  if (setting === 'auto' || setting === kind) return undefined;
  return `${rule} (MESSAGE_ENVELOPE=${depth > 0 ? 'auto' : kind} would unwrap it)`;
}

/** What a reason adds about a message that was unwrapped: the rule of an envelope is `is …`. */
export const insideOf = (kinds: readonly EnvelopeKind[], setting: EnvelopeSetting): string =>
  kinds.length === 0
    ? ''
    : ` (in ${kinds.map((kind) => ENVELOPE_RULES[kind].replace('is ', '')).join(' in ')}, MESSAGE_ENVELOPE=${setting})`;

const isObject = (json: unknown): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** `["…PayloadS3Pointer", {"s3BucketName": …}]`; `MessageS3Pointer` in older versions. */
const isS3Pointer = (json: unknown): boolean =>
  Array.isArray(json) &&
  typeof json[0] === 'string' &&
  json[0].endsWith('S3Pointer') &&
  isObject(json[1]) &&
  's3BucketName' in json[1];

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Base64 (also URL-safe, without padding or with line ends) of text that begins as a JSON object or array. */
function base64Envelope(value: unknown): Envelope | undefined {
  if (typeof value !== 'string') return undefined;
  const compact = value.replace(/\s/g, '');
  if (!BASE64.test(compact)) return undefined;
  try {
    const text = utf8.decode(Buffer.from(compact, 'base64'));
    return /^\s*[{[]/.test(text) ? { kind: 'base64', content: { text } } : undefined;
  } catch {
    return undefined;
  }
}
