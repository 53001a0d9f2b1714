import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chartReadme } from '../../scripts/helm-chart/chart-readme.ts';
import { CHART_SETTINGS, settingsFile } from '../../scripts/helm-chart/chart-settings.ts';
import { CHART, documentedValues } from '../../scripts/helm-chart/values-file.ts';
import { valuesSchema } from '../../scripts/helm-chart/values-schema.ts';
import { VERSION } from '../../src/build-info.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const inChart = (path: string) => readFileSync(new URL(path, CHART), 'utf8');
const ofDeploy = (path: string) => readFileSync(new URL(`../../${path}`, CHART), 'utf8');

test.each([
  ['files/settings.json', settingsFile],
  ['values.schema.json', valuesSchema],
  ['README.md', chartReadme],
])('%s of the chart is up to date: npm run chart', (path, make) => {
  expect(inChart(path)).toBe(make());
});

test.each([
  ['files/rules/alerts.yml', 'prometheus/rules/alerts.yml'],
  ['files/rules/recording.yml', 'prometheus/rules/recording.yml'],
  ['files/dashboards/login-etl.json', 'grafana/dashboards/login-etl.json'],
])('%s of the chart is the file in deploy/: npm run chart', (copy, original) => {
  expect(inChart(copy)).toBe(ofDeploy(original));
});

test('the chart has the version of the package', () => {
  expect(inChart('Chart.yaml')).toContain(`\nversion: ${VERSION}\nappVersion: ${VERSION}\n`);
});

test('every value is documented', () => {
  const flat = (values: ReturnType<typeof documentedValues>): typeof values =>
    values.flatMap((value) => [value, ...flat(value.children ?? [])]);
  const undocumented = flat(documentedValues()).filter(({ description }) => description === '');
  expect(undocumented.map(({ path }) => path)).toEqual([]);
});

type Schema = { [key: string]: unknown };

/** Where objects may have fields of any name. */
function openObjects(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, additionalProperties } = schema as Schema;
  const below = Object.entries(schema).flatMap(([key, each]) =>
    openObjects(each, `${path}/${key}`),
  );
  return type === 'object' && additionalProperties === undefined ? [path, ...below] : below;
}

test('the schema refuses unknown values at each level', () => {
  // A parent chart has its own values there.
  expect(openObjects(JSON.parse(valuesSchema()))).toEqual(['/properties/global']);
});

test('no secret setting may be given in plain text', () => {
  const secrets = SETTINGS.filter(({ secret }) => secret).map(({ name }) => name);
  const plain = CHART_SETTINGS.filter(({ kind }) => kind === 'plain').map(({ name }) => name);
  expect(plain.filter((name) => secrets.includes(name) || /KEY_ID$|ACCESS_KEY/.test(name))).toEqual(
    ['VAULT_KMS_KEY_ID'],
  );
});
