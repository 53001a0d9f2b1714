import type { EnvelopeKind } from './find-envelope.ts';

/** Values of the setting MESSAGE_ENVELOPE: which envelopes the job unwraps. */
export const ENVELOPE_SETTINGS = ['none', 'sns', 'eventbridge', 'base64', 'auto'] as const;
export type EnvelopeSetting = (typeof ENVELOPE_SETTINGS)[number];

/** Envelopes may be nested: EventBridge to SNS to SQS, Celery's base64 in base64. */
export const MAX_ENVELOPES = 4;

/** The setting that unwraps an envelope, beside `auto`. */
const SETTING_FOR: Readonly<Partial<Record<EnvelopeKind, EnvelopeSetting>>> = {
  sns: 'sns',
  eventbridge: 'eventbridge',
  base64: 'base64',
  kombu: 'base64',
  celery: 'base64',
};

export const ENVELOPE_RULES: Readonly<Record<EnvelopeKind, string>> = {
  sns: 'is an SNS notification',
  eventbridge: 'is an EventBridge event',
  base64: 'is base64',
  kombu: 'is a Kombu message',
  celery: 'is a Celery task',
  'celery-arguments': 'is a Celery task whose arguments are not one JSON object',
  'sns-subscribe': 'is an SNS SubscriptionConfirmation',
  'sns-unsubscribe': 'is an SNS UnsubscribeConfirmation',
  's3-pointer': 'is an S3 pointer of the SQS extended client library',
  's3-event': 'is an S3 event notification',
  'kinesis-records': 'is one or more Kinesis records',
  'event-records': 'is one or more event records of AWS',
  cloudevent: 'is a CloudEvents event',
  compressed: 'is compressed data in base64',
  debezium: 'is a Debezium change event',
  'kafka-connect': 'is a Kafka Connect record with its schema',
  outbox: 'is a row of an outbox table',
  'lambda-destination': 'is the record of a Lambda destination',
};

export const TOO_MANY_ENVELOPES = 'is in too many envelopes';
const TOO_MANY = `${TOO_MANY_ENVELOPES} (MESSAGE_ENVELOPE unwraps ${MAX_ENVELOPES})`;

/**
 * Returns why an envelope is not unwrapped: a rule that names the envelope, and the setting if it would help.
 * @param unwrapped the envelopes around this one
 * @param envelopesIn returns the envelopes in this one, the outermost first
 */
export function envelopeRefusal(
  kind: EnvelopeKind,
  setting: EnvelopeSetting,
  unwrapped: readonly EnvelopeKind[],
  envelopesIn: () => EnvelopeKind[],
): string | undefined {
  const rule = ENVELOPE_RULES[kind];
  const own = SETTING_FOR[kind];
  if (own === undefined) return `${rule} (MESSAGE_ENVELOPE cannot unwrap it)`;
  if (unwrapped.length >= MAX_ENVELOPES) return TOO_MANY;
  if (setting === 'auto' || setting === own) return undefined;
  const inner = envelopesIn();
  const useless = inner.find((each) => SETTING_FOR[each] === undefined);
  if (useless) return `${rule} (in it is ${nounOf(useless)}, which MESSAGE_ENVELOPE cannot unwrap)`;
  const all = [...unwrapped, kind, ...inner];
  if (all.length > MAX_ENVELOPES) return TOO_MANY;
  const helps = all.every((each) => SETTING_FOR[each] === own) ? own : 'auto';
  return `${rule} (MESSAGE_ENVELOPE=${helps} would unwrap it)`;
}

/** What a reason adds about a message that was unwrapped. */
export const insideOf = (kinds: readonly EnvelopeKind[], setting: EnvelopeSetting): string =>
  kinds.length === 0 ? '' : ` (in ${kinds.map(nounOf).join(' in ')}, MESSAGE_ENVELOPE=${setting})`;

const nounOf = (kind: EnvelopeKind): string => ENVELOPE_RULES[kind].replace('is ', '');
