import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installedProgram } from './installed-program.ts';
import { documentedMetrics } from './metric-tables.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

const path = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const RULES = path('prometheus/rules');
const TESTS = path('prometheus/tests');

type Rule = {
  type: 'alerting' | 'recording';
  name: string;
  query: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};

let prometheus: Prometheus;
let rules: Rule[];

beforeAll(async () => {
  prometheus = await startPrometheus({ scrape: {}, ruleFiles: [`${RULES}/*.yml`] });
  const { groups } = (await prometheus.get('rules')) as { groups: { rules: Rule[] }[] };
  rules = groups.flatMap((group) => group.rules);
});
afterAll(() => prometheus?.stop());

const alerts = () => rules.filter(({ type }) => type === 'alerting');
const files = async (directory: string) =>
  (await readdir(directory)).map((name) => `${directory}/${name}`);

describe('promtool', () => {
  test.each([
    ['check', 'config', async () => [path('prometheus/prometheus.yml')]],
    ['test', 'rules', () => files(TESTS)],
  ] as const)('%s %s', async (verb, what, args) => {
    const run = promisify(execFile)(await installedProgram('promtool'), [
      verb,
      what,
      ...(await args()),
    ]);
    await expect(run).resolves.toMatchObject({ stdout: expect.stringContaining('SUCCESS') });
  });
});

test('every alert has a severity that is routed, a summary, and a unit test in which it fires', async () => {
  const units = await Promise.all((await files(TESTS)).map((file) => readFile(file, 'utf8')));
  const cases = units.join('\n').split(/^ {2}- name: /m);
  expect(alerts().length).toBeGreaterThan(10);
  for (const { name, labels, annotations } of alerts()) {
    expect(['critical', 'warning'], name).toContain(labels.severity);
    expect(annotations.summary, name).toBeTruthy();
    const own = cases.filter((text) => text.includes(`alertname: ${name}\n`));
    const fires = own.filter((text) => text.includes('exp_labels'));
    expect(fires.length, `${name} fires in no unit test`).toBeGreaterThan(0);
  }
});

test('every alert links to a heading of the runbook, and each heading has an alert', async () => {
  const runbook = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading as string);
  const anchors = headings.map((heading) => heading.toLowerCase().replaceAll(' ', '-'));
  const linked = alerts().map(({ annotations }) => annotations.runbook_url?.split('#')[1] ?? '');
  expect(linked.sort()).toEqual(anchors.sort());
  for (const [, anchor] of runbook.matchAll(/\]\(#(.+?)\)/g)) expect(anchors).toContain(anchor);
});

test('rules ask for metrics that are in the tables', async () => {
  const known = new Set((await documentedMetrics()).map(({ name }) => name));
  for (const { name, query } of rules) {
    for (const [metric] of query.matchAll(/\b(?:login_etl|temporal)_\w+/g)) {
      expect(known, `${name}: ${metric}`).toContain(metric.replace(/_(bucket|sum|count)$/, ''));
    }
    for (const [record] of query.matchAll(/\blogin_etl:\w+:\w+/g)) {
      expect(rules.map((rule) => rule.name)).toContain(record);
    }
  }
});

test('the alerts that Alertmanager keeps back, and those it keeps them back for, are there', async () => {
  const config = await readFile(path('alertmanager/alertmanager.yml'), 'utf8');
  const named = [...config.matchAll(/alertname=~?"LoginEtl\(?([\w|]+)\)?"/g)].flatMap(([, names]) =>
    (names as string).split('|').map((name) => `LoginEtl${name}`),
  );
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(alerts().map((alert) => alert.name)).toContain(name);
});
