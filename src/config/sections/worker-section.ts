import { type Settings, section, Wrong } from '../declare-section.ts';
import { formatHostAndPort, type HostAndPort, isPlainHttp } from '../host-and-port.ts';
import {
  address,
  flag,
  httpUrl,
  ipAddress,
  oneOf,
  readableFile,
  wholeNumber,
} from '../value-parsers.ts';

const parseHeaders = (text: string): Record<string, string> | Wrong => {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  const headers = pairs.flatMap((pair) => {
    const [, name, value] = /^\s*([\w-]+)=([\x20-\x7e]+?)\s*$/.exec(pair) ?? [];
    return name && value ? [[name, value] as const] : [];
  });
  return headers.length === pairs.length
    ? Object.fromEntries(headers)
    : new Wrong('must be name=value pairs, separated by commas');
};

const SETTINGS = {
  metricsAddress: {
    name: 'WORKER_METRICS_ADDRESS',
    example: '127.0.0.1:9464',
    description:
      'Address on which the worker serves Prometheus metrics (`/metrics`). Not set: no metrics are served.',
    parse: ipAddress('127.0.0.1:9464'),
  },
  otlpEndpoint: {
    name: 'WORKER_OTLP_ENDPOINT',
    example: 'http://127.0.0.1:4317',
    description:
      'URL to which the worker sends OpenTelemetry metrics instead: over HTTP if it ends in `/v1/metrics`, otherwise over gRPC.',
    parse: httpUrl,
  },
  otlpAllowPlainHttp: {
    name: 'WORKER_OTLP_ALLOW_PLAIN_HTTP',
    default: 'false',
    description:
      '`true`: WORKER_OTLP_HEADERS may be sent by http to another machine, where anyone on the way can read them.',
    parse: flag,
  },
  otlpHeaders: {
    name: 'WORKER_OTLP_HEADERS',
    secret: true,
    description:
      'Headers for WORKER_OTLP_ENDPOINT: `name=value`, separated by commas. Only read at the start.',
    parse: parseHeaders,
  },
  healthAddress: {
    name: 'WORKER_HEALTH_ADDRESS',
    example: '127.0.0.1:9465',
    description:
      'Address on which the worker serves `/healthz` and `/readyz`. Not set: they are not served.',
    parse: address('127.0.0.1:9465'),
  },
  sampleSeconds: {
    name: 'WORKER_SAMPLE_SECONDS',
    default: '15',
    description:
      'How often the worker reads the queue, the tables and the schedule for its metrics.',
    parse: wholeNumber(1, 3_600),
  },
  shutdownGraceSeconds: {
    name: 'WORKER_SHUTDOWN_GRACE_SECONDS',
    default: '30',
    description: 'How long after SIGTERM a worker may go on to finish the steps it has begun.',
    parse: wholeNumber(1, 3_600),
  },
  credentialsRefusedExitSeconds: {
    name: 'CREDENTIALS_REFUSED_EXIT_SECONDS',
    default: '300',
    description:
      'How long a worker retries when Temporal, Postgres or AWS refuses its credentials, reading them again each time. Then it exits with code 1.',
    parse: wholeNumber(1, 86_400),
  },
  quarantineLimitPerReason: {
    name: 'QUARANTINE_LIMIT_PER_REASON',
    default: '10000',
    description:
      'Rows refused by Postgres that one run may quarantine for one kind of reason (SQLSTATE class). Beyond that it waits until the table is repaired or the limit is raised.',
    parse: wholeNumber(0, 1_000_000_000),
  },
  workflowBundlePath: {
    name: 'WORKER_WORKFLOW_BUNDLE',
    description:
      'Workflow bundle made by `npm run bundle`. Not set: the worker makes one when it starts.',
    parse: readableFile,
  },
  logLevel: {
    name: 'LOG_LEVEL',
    default: 'info',
    description: '`trace`, `debug`, `info`, `warn` or `error`.',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error'),
  },
  logFormat: {
    name: 'LOG_FORMAT',
    description: '`json` or `pretty`. Not set: `pretty` on a terminal, otherwise `json`.',
    parse: oneOf('json', 'pretty'),
  },
} as const satisfies Settings;

export type LogFormat = 'json' | 'pretty';

type WorkerSettings = {
  /** Excludes `otlp`: metrics are either served or sent. */
  metricsAddress?: string;
  otlp?: { url: string; headers: Record<string, string> };
  healthAddress?: HostAndPort;
  sampleSeconds: number;
  credentialsRefusedExitSeconds: number;
  quarantineLimitPerReason: number;
  shutdownGraceSeconds: number;
  workflowBundlePath?: string;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  logFormat?: LogFormat;
};

export const worker = section<typeof SETTINGS, WorkerSettings>(
  'The worker',
  SETTINGS,
  (values, reader) => {
    const { metricsAddress, otlpEndpoint, otlpHeaders, otlpAllowPlainHttp, healthAddress } = values;
    const { workflowBundlePath, logFormat } = values;
    if (metricsAddress && otlpEndpoint) {
      const { name } = SETTINGS.otlpEndpoint;
      reader.problem(name, `is set, and ${SETTINGS.metricsAddress.name} too: keep one of them`);
    }
    const isPlain = otlpEndpoint !== undefined && isPlainHttp(otlpEndpoint);
    if (isPlain && otlpHeaders && !otlpAllowPlainHttp) {
      const { name } = SETTINGS.otlpAllowPlainHttp;
      reader.problem(
        SETTINGS.otlpHeaders.name,
        `is sent by http to another machine: use https, or allow it with ${name}=true`,
      );
    }
    return {
      sampleSeconds: values.sampleSeconds,
      credentialsRefusedExitSeconds: values.credentialsRefusedExitSeconds,
      quarantineLimitPerReason: values.quarantineLimitPerReason,
      shutdownGraceSeconds: values.shutdownGraceSeconds,
      logLevel: values.logLevel,
      ...(logFormat && { logFormat }),
      ...(metricsAddress && { metricsAddress: formatHostAndPort(metricsAddress) }),
      ...(otlpEndpoint && { otlp: { url: otlpEndpoint, headers: otlpHeaders ?? {} } }),
      ...(healthAddress && { healthAddress }),
      ...(workflowBundlePath && { workflowBundlePath }),
    };
  },
);
