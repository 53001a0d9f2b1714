import type { Setting } from '../../src/config/declare-section.ts';
import { SETTINGS, type Section } from '../../src/config/settings.ts';

/** Set by the chart itself, or by the image. */
const OWNED = new Set([
  'WORKER_METRICS_ADDRESS',
  'WORKER_HEALTH_ADDRESS',
  'WORKER_WORKFLOW_BUNDLE',
  'API_ADDRESS',
  'CODEC_SERVER_ADDRESS',
  'TEMPORAL_DEPLOYMENT_NAME',
  'TEMPORAL_WORKER_BUILD_ID',
]);

/** The path of a file that comes from a Secret. */
const FILES = /^(TEMPORAL_TLS_\w+_PATH|TEMPORAL_CONFIG_FILE|PGSSLROOTCERT|PGSSLCERT|PGSSLKEY)$/;
/** AWS' library reads these from the environment only. */
const CREDENTIALS = /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)$/;

/** Not ours, but useful: certificates of a proxy, options of Node. */
const OF_NODE = {
  NODE_EXTRA_CA_CERTS: 'File with more CA certificates, mounted by extraVolumeMounts.',
  NODE_OPTIONS: 'Options of Node, such as `--max-old-space-size=700`.',
};

type Kind = 'plain' | 'secret' | 'file' | 'environment';
export type ChartSetting = {
  name: string;
  kind: Kind;
  sections: string[];
  description: string;
  default?: string;
};

const kindOf = ({ name, secret }: Setting): Kind => {
  if (secret) return 'secret';
  if (FILES.test(name)) return 'file';
  return CREDENTIALS.test(name) ? 'environment' : 'plain';
};

const EVERYWHERE: (Section | 'aws')[] = ['aws', 'postgres'];

/** The settings that the chart's values may have. A component reads those of its sections; the section `aws` is our own. */
export const CHART_SETTINGS: readonly ChartSetting[] = [
  ...SETTINGS.filter(({ name }) => !OWNED.has(name)).map((setting) => ({
    name: setting.name,
    kind: kindOf(setting),
    sections: [setting.section, ...(setting.name.startsWith('AWS_') ? ['aws'] : [])],
    description: setting.description,
    ...(setting.default !== undefined && { default: setting.default }),
  })),
  ...Object.entries(OF_NODE).map(([name, description]) => ({
    name,
    kind: 'plain' as const,
    sections: EVERYWHERE,
    description,
  })),
];

/** Names in the environment that the values have another place for, or that the chart sets. */
export const SETTING_NAMES: readonly string[] = [
  ...SETTINGS.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
  ...Object.keys(OF_NODE),
  'HOME',
].toSorted();

/** What the templates need to know: files/settings.json. */
export const settingsFile = (): string =>
  `${JSON.stringify(
    Object.fromEntries(
      CHART_SETTINGS.map(({ name, kind, sections }) => [name, { kind, sections }]),
    ),
    null,
    2,
  )}\n`;
