import { ENVELOPE_SETTINGS, type EnvelopeSetting } from '../../domain/login/message-envelope.ts';
import type { SqsSettings } from '../../queue/sqs-client.ts';
import { ALLOW_PLAIN_HTTP, checkAwsSettings } from '../aws-settings.ts';
import { type Settings, section } from '../declare-section.ts';
import { httpUrl, line, matching, oneOf, wholeNumber } from '../value-parsers.ts';

const SETTINGS = {
  region: {
    name: 'AWS_REGION',
    required: { why: 'the region of the queue' },
    example: 'eu-central-1',
    description: 'Region of the queue.',
    parse: matching(/^[a-z0-9][a-z0-9-]{0,39}$/i, 'the name of a region, such as eu-central-1'),
  },
  endpoint: {
    name: 'AWS_ENDPOINT_URL_SQS',
    example: 'http://127.0.0.1:4566',
    description: 'Endpoint of SQS, if not that of AWS: an emulator or a VPC endpoint.',
    parse: httpUrl,
  },
  allEndpoints: {
    name: 'AWS_ENDPOINT_URL',
    usedByLibrary: true,
    description:
      'Endpoint of all AWS services, if not those of AWS. A setting for one service takes precedence.',
    parse: httpUrl,
  },
  allowPlainHttp: ALLOW_PLAIN_HTTP,
  accessKeyId: {
    name: 'AWS_ACCESS_KEY_ID',
    usedByLibrary: true,
    description:
      "Credentials come from the AWS SDK's chain: these variables, a profile, SSO, a web identity, a container or an instance role.",
    parse: line,
  },
  secretAccessKey: {
    name: 'AWS_SECRET_ACCESS_KEY',
    usedByLibrary: true,
    description: 'See AWS_ACCESS_KEY_ID.',
    parse: line,
  },
  sessionToken: {
    name: 'AWS_SESSION_TOKEN',
    usedByLibrary: true,
    description: 'With temporary credentials: see AWS_ACCESS_KEY_ID.',
    parse: line,
  },
  queueUrl: {
    name: 'SQS_QUEUE_URL',
    description: 'The queue, by URL. Standard or FIFO.',
    parse: httpUrl,
  },
  queueName: {
    name: 'SQS_QUEUE_NAME',
    default: 'login-queue',
    description: 'The queue, by name; used when SQS_QUEUE_URL is not set.',
    parse: matching(
      /^(?=.{1,80}$)[\w-]+(\.fifo)?$/,
      'the name of a queue: up to 80 letters, digits, "-" and "_", and .fifo at the end for a FIFO queue',
    ),
  },
  visibilityTimeoutSeconds: {
    name: 'SQS_VISIBILITY_TIMEOUT_SECONDS',
    description:
      "How long a received message stays hidden from other receivers. The default is the queue's own setting.",
    parse: wholeNumber(1, 43_200),
  },
  envelope: {
    name: 'MESSAGE_ENVELOPE',
    default: 'none',
    description:
      "Envelope that login events are unwrapped from: `sns` (a notification without raw delivery), `eventbridge` (its `detail`), `base64` (also Kombu messages, and the login among a Celery task's arguments), or `auto` (all of these, nested up to 4 deep). Messages in other envelopes are quarantined; after a change of this setting, replay them.",
    parse: oneOf(...ENVELOPE_SETTINGS),
  },
} as const satisfies Settings;

export const sqs = section<typeof SETTINGS, SqsSettings & { envelope: EnvelopeSetting }>(
  'The queue',
  SETTINGS,
  (values, reader) => {
    const { region, endpoint, queueUrl, visibilityTimeoutSeconds } = values;
    // Without an endpoint, calls go to the host of the queue's URL.
    const urls = { [SETTINGS.queueUrl.name]: endpoint === undefined ? queueUrl : undefined };
    checkAwsSettings(reader, urls);
    return {
      region: region ?? '',
      envelope: values.envelope,
      queue: queueUrl ? { url: queueUrl } : { name: values.queueName },
      ...(endpoint && { endpoint }),
      ...(visibilityTimeoutSeconds && { visibilityTimeoutSeconds }),
    };
  },
);
