/** Which parts of the configuration a command needs: nobody is asked for what they don't use. */
export type Section = 'sqs' | 'postgres' | 'temporal' | 'masking' | 'payloads' | 'vault' | 'worker';

export type Setting = {
  name: string;
  section: Section;
  description: string;
  /** For `.env.example`; a required setting without one is left for its owner to fill in. */
  example?: string;
  default?: string;
  required?: boolean;
  /** May also come from a file: `NAME_FILE`. */
  secret?: boolean;
  /** Read by the AWS or Temporal library itself, and listed here so that people find it. */
  readByLibrary?: boolean;
};

/** Every environment variable of the project: `config.ts` reads these and no others. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'AWS_REGION',
    section: 'sqs',
    required: true,
    example: 'eu-central-1',
    description: 'Region of the queue.',
  },
  {
    name: 'AWS_ENDPOINT_URL_SQS',
    section: 'sqs',
    example: 'http://127.0.0.1:4566',
    description: 'Another endpoint than that of AWS: an emulator, a VPC endpoint.',
  },
  {
    name: 'AWS_ACCESS_KEY_ID',
    section: 'sqs',
    readByLibrary: true,
    description:
      "Credentials come from the AWS SDK's chain: these variables, a profile, SSO, a web identity, a container or an instance role.",
  },
  {
    name: 'AWS_SECRET_ACCESS_KEY',
    section: 'sqs',
    readByLibrary: true,
    description: 'See AWS_ACCESS_KEY_ID.',
  },
  {
    name: 'SQS_QUEUE_URL',
    section: 'sqs',
    description: 'The queue, by URL. Standard or FIFO.',
  },
  {
    name: 'SQS_QUEUE_NAME',
    section: 'sqs',
    default: 'login-queue',
    description: 'The queue, by name; used when SQS_QUEUE_URL is not set.',
  },
  {
    name: 'SQS_VISIBILITY_TIMEOUT_SECONDS',
    section: 'sqs',
    description:
      "How long a received message stays hidden from others. Without it the queue's own setting counts.",
  },
  {
    name: 'DATABASE_URL',
    section: 'postgres',
    secret: true,
    required: true,
    example: 'postgres://login_etl:password@127.0.0.1:5432/logins',
    description: "Postgres. Instead of it, libpq's PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.",
  },
  { name: 'PGHOST', section: 'postgres', description: 'Used when DATABASE_URL is not set.' },
  { name: 'PGPORT', section: 'postgres', default: '5432', description: 'With PGHOST.' },
  { name: 'PGUSER', section: 'postgres', description: 'With PGHOST.' },
  { name: 'PGPASSWORD', section: 'postgres', secret: true, description: 'With PGHOST.' },
  { name: 'PGDATABASE', section: 'postgres', description: 'With PGHOST.' },
  {
    name: 'PGSSLMODE',
    section: 'postgres',
    description: 'With PGHOST: `disable` or `verify-full`. In DATABASE_URL: `?sslmode=…`.',
  },
  {
    name: 'TEMPORAL_ADDRESS',
    section: 'temporal',
    readByLibrary: true,
    default: 'localhost:7233',
    description: 'Temporal frontend, host:port.',
  },
  {
    name: 'TEMPORAL_NAMESPACE',
    section: 'temporal',
    readByLibrary: true,
    default: 'default',
    description: 'Temporal namespace.',
  },
  {
    name: 'TEMPORAL_API_KEY',
    section: 'temporal',
    secret: true,
    readByLibrary: true,
    description: 'For Temporal Cloud with API keys.',
  },
  {
    name: 'TEMPORAL_TLS',
    section: 'temporal',
    readByLibrary: true,
    description:
      'And TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH, TEMPORAL_TLS_SERVER_CA_CERT_PATH, …: mTLS.',
  },
  {
    name: 'TEMPORAL_PROFILE',
    section: 'temporal',
    readByLibrary: true,
    description: "A profile of Temporal's own configuration file (TEMPORAL_CONFIG_FILE).",
  },
  {
    name: 'MASKING_MODE',
    section: 'masking',
    default: 'hmac-sha256',
    description:
      '`hmac-sha256` (keyed) or `sha256` (exactly hex SHA-256, to match existing data; anyone can reverse it for an IPv4 address).',
  },
  {
    name: 'MASKING_KEYS',
    section: 'masking',
    secret: true,
    required: true,
    example: '{"active":"2026-11","keys":{"2026-11":"<base64 of 32 bytes>"}}',
    description: 'Keys of the masking, made by `login-etl keys generate`. Not needed for `sha256`.',
  },
  {
    name: 'MASKING_KEY_SINCE',
    section: 'masking',
    example: '2026-11-01',
    description:
      'The day since which the active masking key is in use, for the alert on its age. Not needed when its id begins with a month or a day, such as `2026-11`.',
  },
  {
    name: 'PAYLOAD_KEYS',
    section: 'payloads',
    secret: true,
    required: true,
    example: '{"active":"2026-11","keys":{"2026-11":"<base64 of 32 bytes>"}}',
    description: 'Keys that Temporal payloads are encrypted with. Several can decode, one encodes.',
  },
  {
    name: 'VAULT_PUBLIC_KEY',
    section: 'vault',
    secret: true,
    required: true,
    description: "The vault's public key (PEM). What is quarantined is sealed with it.",
  },
  {
    name: 'WORKER_METRICS_ADDRESS',
    section: 'worker',
    example: '127.0.0.1:9464',
    description: 'Where the worker serves Prometheus metrics (`/metrics`); without it, nowhere.',
  },
  {
    name: 'WORKER_OTLP_ENDPOINT',
    section: 'worker',
    example: 'http://127.0.0.1:4317',
    description:
      'Instead of that: where the worker sends its metrics by OpenTelemetry, over gRPC, or over HTTP if the URL ends in `/v1/metrics`.',
  },
  {
    name: 'WORKER_OTLP_HEADERS',
    section: 'worker',
    secret: true,
    description: 'Headers for WORKER_OTLP_ENDPOINT: `name=value`, with commas between.',
  },
  {
    name: 'WORKER_HEALTH_ADDRESS',
    section: 'worker',
    example: '127.0.0.1:9465',
    description: 'Where the worker answers `/healthz` and `/readyz`; without it, nowhere.',
  },
  {
    name: 'WORKER_SAMPLE_SECONDS',
    section: 'worker',
    default: '15',
    description:
      'How often the worker looks at the queue, the tables and the schedule for its metrics.',
  },
  {
    name: 'WORKER_SHUTDOWN_GRACE_SECONDS',
    section: 'worker',
    default: '30',
    description: 'How long a worker finishes what is in hand after SIGTERM.',
  },
  {
    name: 'WORKER_WORKFLOW_BUNDLE',
    section: 'worker',
    description: 'A workflow bundle made by `npm run bundle`; without it the worker makes one.',
  },
  {
    name: 'LOG_LEVEL',
    section: 'worker',
    default: 'info',
    description: '`trace`, `debug`, `info`, `warn` or `error`.',
  },
  {
    name: 'LOG_FORMAT',
    section: 'worker',
    description: '`json` or `pretty`; without it, `pretty` on a terminal and `json` elsewhere.',
  },
];
