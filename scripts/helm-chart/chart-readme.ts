import { CHART_SETTINGS, type ChartSetting } from './chart-settings.ts';
import { type DocumentedValue, documentedValues } from './values-file.ts';

const INTRODUCTION = `\
# login-etl

<!-- Made from values.yaml and src/config/sections/ by \`npm run chart\`: change it there. -->

The Helm chart of login-etl. docs/deploy.md says how to install it, upgrade it and roll back. The values are checked against
\`values.schema.json\`, which refuses unknown ones.

\`\`\`yaml
settings:
  AWS_REGION: eu-central-1
  SQS_QUEUE_URL: https://sqs.eu-central-1.amazonaws.com/111122223333/login-queue
  TEMPORAL_ADDRESS: temporal-frontend.temporal:7233
secrets:
  DATABASE_URL: { existingSecret: login-etl-worker }
  MASKING_KEYS: { existingSecret: login-etl-keys, key: masking-keys.json }
  PAYLOAD_KEYS: { existingSecret: login-etl-keys, key: payload-keys.json }
  VAULT_PUBLIC_KEY: { existingSecret: login-etl-keys, key: vault-public.pem }
migration:
  secrets:
    DATABASE_URL: { existingSecret: login-etl-owner }
\`\`\`
`;

const flat = (values: DocumentedValue[]): DocumentedValue[] =>
  values.flatMap((value) => [value, ...flat(value.children ?? [])]);

const shown = ({ default: value, children, description }: DocumentedValue): string => {
  if (children) return '';
  const text = JSON.stringify(value);
  return text.length > 60 || description === '' ? 'see values.yaml' : `\`${text}\``;
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const row = ({ name, description, default: otherwise }: ChartSetting): string[] => [
  `\`${name}\``,
  otherwise === undefined ? '' : `\`${otherwise}\``,
  cell(description),
];

export function chartReadme(): string {
  const values = flat(documentedValues()).map((value) => [
    `\`${value.path}\``,
    shown(value),
    cell(value.description),
  ]);
  const plain = CHART_SETTINGS.filter(({ kind }) => kind === 'plain').map(row);
  const secret = CHART_SETTINGS.filter(({ kind }) => kind !== 'plain').map(row);
  return [
    INTRODUCTION,
    `## Values\n\n${table(['Value', 'Default', 'What it is'], values)}\n`,
    `## Names in \`settings\`\n\n${table(['Setting', 'Default', 'What it is'], plain)}\n`,
    `## Names in \`secrets\`\n\n${table(['Secret', 'Default', 'What it is'], secret)}\n`,
  ].join('\n');
}
