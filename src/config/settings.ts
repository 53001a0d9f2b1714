/** Which parts of the configuration a command needs: nobody is asked for what they don't use. */
export type Section =
  | 'sqs'
  | 'postgres'
  | 'temporal'
  | 'masking'
  | 'payloads'
  | 'vault'
  | 'custodian'
  | 'codecServer'
  | 'worker';

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
    description:
      '`verify-full`, the default but on this machine, or `disable`. In DATABASE_URL: `?sslmode=…`, which wins. The weaker `require` and `verify-ca` are read as `verify-full`.',
  },
  {
    name: 'PGSSLROOTCERT',
    section: 'postgres',
    description:
      "File with the CA of the server's certificate, where it is not a public one. In DATABASE_URL: `?sslrootcert=…`.",
  },
  {
    name: 'PGSSLCERT',
    section: 'postgres',
    description:
      "File with a client's certificate, for servers that want one; PGSSLKEY has its key.",
  },
  { name: 'PGSSLKEY', section: 'postgres', description: 'With PGSSLCERT.' },
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
    name: 'MASKING_KEYS_SECRET_ID',
    section: 'masking',
    description: 'Instead: name or ARN of a secret in AWS Secrets Manager that holds them.',
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
    name: 'PAYLOAD_KEYS_SECRET_ID',
    section: 'payloads',
    description: 'Instead: name or ARN of a secret in AWS Secrets Manager that holds them.',
  },
  {
    name: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    section: 'payloads',
    readByLibrary: true,
    description: 'Another endpoint of AWS Secrets Manager than that of AWS.',
  },
  {
    name: 'VAULT_PUBLIC_KEY',
    section: 'vault',
    secret: true,
    required: true,
    description: "The vault's public key (PEM). What is quarantined is sealed with it.",
  },
  {
    name: 'VAULT_PRIVATE_KEY',
    section: 'custodian',
    secret: true,
    description:
      "Custodians only: the vault's private key (PEM). A worker that finds it in its environment does not start.",
  },
  {
    name: 'VAULT_KMS_KEY_ID',
    section: 'custodian',
    example: 'arn:aws:kms:eu-central-1:111122223333:key/…',
    description:
      'Custodians only, instead of VAULT_PRIVATE_KEY: id, ARN or alias of an RSA key in AWS KMS.',
  },
  {
    name: 'AWS_ENDPOINT_URL_KMS',
    section: 'custodian',
    readByLibrary: true,
    description: 'With VAULT_KMS_KEY_ID: another endpoint than that of AWS. Region: AWS_REGION.',
  },
  {
    name: 'CODEC_SERVER_ADDRESS',
    section: 'codecServer',
    default: '127.0.0.1:8234',
    description: 'Where the codec server listens, host:port.',
  },
  {
    name: 'CODEC_SERVER_TOKEN',
    section: 'codecServer',
    secret: true,
    description:
      'The token that its callers send, 32 characters or more. It takes this one, or JWTs, or both.',
  },
  {
    name: 'CODEC_SERVER_TOKEN_NAME',
    section: 'codecServer',
    default: 'token',
    description: "Whose token it is, for the audit log: a person's or a team's name.",
  },
  {
    name: 'CODEC_SERVER_JWT_ISSUER',
    section: 'codecServer',
    description: 'JWTs: the `iss` that counts.',
  },
  {
    name: 'CODEC_SERVER_JWT_AUDIENCE',
    section: 'codecServer',
    description: 'JWTs: the `aud` that counts.',
  },
  {
    name: 'CODEC_SERVER_JWT_JWKS_URL',
    section: 'codecServer',
    description: "JWTs: where the issuer's public keys are (the `jwks_uri` of OpenID Connect).",
  },
  {
    name: 'CODEC_SERVER_JWT_CLAIM',
    section: 'codecServer',
    example: 'groups=custodians',
    description: 'JWTs: a claim they must have, name=value.',
  },
  {
    name: 'CODEC_SERVER_UI_ORIGIN',
    section: 'codecServer',
    example: 'https://temporal.example.com',
    description: "Origin of Temporal's Web UI: no other page gets an answer.",
  },
  {
    name: 'CODEC_SERVER_TLS_CERT',
    section: 'codecServer',
    secret: true,
    description: 'Its certificate chain (PEM). Without one it listens on loopback only.',
  },
  {
    name: 'CODEC_SERVER_TLS_KEY',
    section: 'codecServer',
    secret: true,
    description: 'The key of its certificate (PEM).',
  },
  {
    name: 'CODEC_SERVER_BEHIND_TLS_PROXY',
    section: 'codecServer',
    default: 'false',
    description: '`true`: a proxy before it speaks TLS, so it may listen without, on any address.',
  },
  {
    name: 'CODEC_SERVER_REQUESTS_PER_MINUTE',
    section: 'codecServer',
    default: '1200',
    description: 'What one caller may ask. The Web UI asks once for each event it shows.',
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
