import { CHART_SETTINGS, type ChartSetting, SETTING_NAMES } from './chart-settings.ts';
import * as kubernetes from './kubernetes-forms.ts';
import { closed, type Schema } from './kubernetes-forms.ts';
import { type DocumentedValue, documentedValues } from './values-file.ts';

const textMap: Schema = { type: 'object', additionalProperties: { type: 'string' } };
/** The chart sets these itself. */
const OWN_LABELS =
  '^(app\\.kubernetes\\.io/(name|instance|component|version|managed-by)|helm\\.sh/chart|login-etl/build-id)$';
const labels: Schema = { ...textMap, propertyNames: { not: { pattern: OWN_LABELS } } };
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 };
const count = (minimum: number): Schema => ({ type: 'integer', minimum });
const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values });
const matching = (pattern: string): Schema => ({ type: 'string', pattern });

/** What a default does not tell of a value. */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  'image.repository': matching('^[a-z0-9][^\\s@]*$'),
  'image.tag': matching('^$|^[\\w][\\w.-]{0,127}$'),
  'image.digest': matching('^$|^sha256:[0-9a-f]{64}$'),
  'image.pullPolicy': oneOf('Always', 'IfNotPresent', 'Never'),
  imagePullSecrets: kubernetes.imagePullSecrets,
  fullnameOverride: matching('^$|^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$'),
  'externalSecrets.storeKind': oneOf('ClusterSecretStore', 'SecretStore'),
  'externalSecrets.refreshInterval': matching('^[0-9]+(s|m|h)$'),
  'serviceAccount.annotations': textMap,
  'custodian.serviceAccountAnnotations': textMap,
  'codecServer.service.annotations': textMap,
  'api.serviceAccountAnnotations': textMap,
  'api.service.annotations': textMap,
  'api.service.type': oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
  'api.service.port': port,
  'api.replicas': count(1),
  'codecServer.service.type': oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
  'codecServer.service.port': port,
  podLabels: labels,
  podAnnotations: { ...textMap, propertyNames: { not: { const: 'checksum/secrets' } } },
  podSecurityContext: kubernetes.podSecurityContext,
  securityContext: kubernetes.securityContext,
  nodeSelector: textMap,
  tolerations: kubernetes.tolerations,
  affinity: kubernetes.affinity,
  extraVolumes: kubernetes.volumes,
  extraVolumeMounts: kubernetes.mounts,
  extraEnv: kubernetes.environment(SETTING_NAMES),
  'worker.replicas': count(0),
  'worker.topologySpread': oneOf('', 'ScheduleAnyway', 'DoNotSchedule'),
  'worker.podDisruptionBudget.maxUnavailable': {
    anyOf: [count(0), matching('^(100|[0-9]{1,2})%$')],
  },
  'worker.startupSeconds': count(2),
  'autoscaling.mode': oneOf('none', 'keda', 'hpa'),
  'autoscaling.minReplicas': count(0),
  'autoscaling.maxReplicas': count(1),
  'autoscaling.keda.messagesPerPod': count(1),
  'autoscaling.keda.pollingSeconds': count(1),
  'autoscaling.keda.cooldownSeconds': count(0),
  'autoscaling.hpa.cpuPercent': count(1),
  'migration.deadlineSeconds': count(1),
  'schedule.arguments': { type: 'array', items: { type: 'string' } },
  'codecServer.replicas': count(1),
  'custodian.namespace': matching('^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'),
  'networkPolicy.egressPorts': { type: 'array', items: port },
  'networkPolicy.egressTo': kubernetes.peers,
  'networkPolicy.dnsTo': kubernetes.peers,
  'networkPolicy.metricsFrom': kubernetes.peers,
  'networkPolicy.codecServerFrom': kubernetes.peers,
  'networkPolicy.apiFrom': kubernetes.peers,
  'networkPolicy.extraEgress': kubernetes.egressRules,
  'metrics.monitor': oneOf('', 'pod', 'service'),
  'metrics.interval': matching('^[0-9]+(s|m)$'),
  'metrics.labels': labels,
  'versioning.deploymentName': matching('^[\\w.-]{0,200}$'),
  'versioning.buildId': matching('^([A-Za-z0-9]([\\w.-]{0,61}[A-Za-z0-9])?)?$'),
};

/** The settings and secrets of these sections may only be given to the component of that name. */
const OF_ONE_COMPONENT = ['custodian', 'codecServer', 'api'];

const allowed = (path: string) => {
  const component = path.split('.')[0] ?? '';
  return ({ sections }: ChartSetting): boolean =>
    sections.every((section) => !OF_ONE_COMPONENT.includes(section) || section === component);
};

function settings(path: string): Schema {
  const plain = CHART_SETTINGS.filter(({ kind }) => kind === 'plain').filter(allowed(path));
  return closed(
    Object.fromEntries(
      plain.map(({ name, description, default: otherwise }) => [
        name,
        {
          type: ['string', 'integer', 'boolean'],
          description,
          ...(otherwise !== undefined && { default: otherwise }),
        },
      ]),
    ),
  );
}

function secrets(path: string): Schema {
  const given = CHART_SETTINGS.filter(({ kind }) => kind !== 'plain').filter(allowed(path));
  return closed(
    Object.fromEntries(
      given.map(({ name, description }) => [name, { description, $ref: '#/$defs/secret' }]),
    ),
  );
}

const part: Schema = { type: 'string', minLength: 1 };

/** A reference, never the secret itself. */
const SECRET: Schema = {
  oneOf: [
    closed(
      {
        existingSecret: { ...part, description: 'Name of the Secret.' },
        key: { ...part, description: "Its key: the setting's name." },
      },
      ['existingSecret'],
    ),
    closed(
      {
        remoteRef: {
          ...closed({ key: part, property: part, version: part }, ['key']),
          description: 'Entry of the secret store.',
        },
      },
      ['remoteRef'],
    ),
  ],
};

function schemaOf(value: DocumentedValue): Schema {
  const { description, children } = value;
  return { description, ...(children ? closed(entries(children)) : leaf(value)) };
}

const entries = (values: readonly DocumentedValue[]): Record<string, Schema> =>
  Object.fromEntries(
    values.map((value) => [value.path.split('.').at(-1) ?? '', schemaOf(value)] as const),
  );

function leaf({ path, default: value }: DocumentedValue): Schema {
  if (path.endsWith('settings')) return settings(path);
  if (path.endsWith('secrets')) return secrets(path);
  const known = SCHEMAS[path];
  if (known) return { ...known, default: value };
  if (path.endsWith('.resources')) return { ...kubernetes.resources, default: value };
  if (typeof value === 'string' || typeof value === 'boolean') {
    return { type: typeof value, default: value };
  }
  throw new Error(`scripts/helm-chart/values-schema.ts has no schema for the value ${path}`);
}

export function valuesSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Values of the chart login-etl',
    // `global` is what a parent chart passes to all its charts.
    ...closed({ ...entries(documentedValues()), global: { type: 'object' } }),
    $defs: { secret: SECRET },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
