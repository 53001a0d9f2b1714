import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboardJson } from '../../scripts/make-dashboard.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { type ObservedStack, startObservedStack } from './observed-stack.ts';

const FILE = new URL('../../deploy/grafana/dashboards/login-etl.json', import.meta.url);
const RULES = fileURLToPath(
  new URL('../../deploy/prometheus/rules/recording.yml', import.meta.url),
);

type Panel = { type: string; title: string; targets?: { expr: string }[] };

const QUERIES = (JSON.parse(dashboardJson()) as { panels: Panel[] }).panels
  .filter(({ type }) => type !== 'row')
  .flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

test('the committed dashboard is the one that the program makes', async () => {
  const present = await readFile(FILE, 'utf8');
  expect(present, 'run `npm run dashboard`').toBe(dashboardJson());
});

describe('after two runs', () => {
  let it: ObservedStack;
  beforeAll(async () => {
    it = await startObservedStack({ ruleFiles: [RULES] });
    // A rate wants two values: a histogram's first is that of the first run.
    await it.stack.send(loginMessages(20));
    await it.stack.run();
  });
  afterAll(() => it?.stop());

  test('there are panels', () => {
    expect(QUERIES.length).toBeGreaterThan(25);
  });

  test.each(QUERIES)('the panel "%s" has data: %s', { timeout: 20_000 }, async (_title, expr) => {
    const promql = expr.replaceAll('$__rate_interval', '1m');
    const numbers = async () =>
      (await it.prometheus.query(promql)).filter(({ value }) => Number.isFinite(Number(value[1])));
    await expect.poll(numbers, { timeout: 15_000 }).not.toEqual([]);
  });
});
