import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasonLabels } from '../../src/domain/login/quarantine-reasons.ts';
import { setPaused } from '../../src/temporal/schedule/set-paused.ts';
import { readDocument } from '../docs/documents.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { documentedMetrics, ownLabels } from './metric-tables.ts';
import { BAD, GOOD, type ObservedStack, startObservedStack } from './observed-stack.ts';
import type { Sample } from './prometheus.ts';

const ONLY_SOMETIMES = 'Only after it has happened';
const OF_OTHERS = 'From other exporters';

let it: ObservedStack;
beforeAll(async () => {
  it = await startObservedStack();
});
afterAll(() => it?.stop());

/** Name to type, as Prometheus understood the worker's page. */
async function servedMetrics(): Promise<Map<string, string>> {
  const metadata = (await it.prometheus.get('targets/metadata')) as {
    metric: string;
    type: string;
  }[];
  return new Map(metadata.map(({ metric, type }) => [metric, type]));
}

describe('after a run', () => {
  test('every metric that the worker serves is in the tables, with its type', async () => {
    const documented = new Map((await documentedMetrics()).map(({ name, type }) => [name, type]));
    const served = await servedMetrics();
    expect(served.size).toBeGreaterThan(40);
    const undocumented = [...served].filter(([name, type]) => documented.get(name) !== type);
    expect(undocumented).toEqual([]);
  });

  test('every metric of the tables is served, but those that have to happen first', async () => {
    const served = await servedMetrics();
    const missing = (await documentedMetrics())
      .filter(({ section }) => section !== ONLY_SOMETIMES && section !== OF_OTHERS)
      .filter(({ name }) => !served.has(name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test('every metric has the labels that the tables say', async () => {
    const wrong: unknown[] = [];
    for (const { name, type, labels } of await documentedMetrics()) {
      const series = await it.prometheus.query(type === 'histogram' ? `${name}_count` : name);
      const found = [...new Set(series.flatMap(({ metric }) => ownLabels(metric)))];
      if (series.length > 0 && found.sort().join() !== labels.sort().join()) {
        wrong.push({ name, labels, found });
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the steps that the worker serves are those that the page lists', async () => {
    const series = await it.prometheus.query('login_etl_step_failures_total');
    const [, listed = ''] =
      /A step is an activity:(.*?)\n\n/s.exec(readDocument('docs/metrics.md')) ?? [];
    const steps = [...listed.matchAll(/`(\w+)`/g)].map(([, step]) => step);
    expect(steps).toContain('countShards');
    expect(new Set(series.map(({ metric }) => metric.step))).toEqual(new Set(steps));
  });

  test('the objective of the lag is the bound of a bucket, or quantiles near it would be guesses', async () => {
    const bucket = 'login_etl_batch_lag_seconds_bucket{le="300"}';
    expect(await it.prometheus.value(bucket)).toBe(1);
    expect((await fetch(it.metricsUrl)).headers.get('content-type')).toMatch(/^text\/plain/);
  });

  test('messages are counted by what became of them', async () => {
    const counts = {
      received: GOOD + BAD.length,
      inserted: GOOD,
      duplicate: 0,
      quarantined: BAD.length,
      acknowledged: GOOD + BAD.length,
      acknowledge_failed: 0,
    };
    for (const [name, count] of Object.entries(counts)) {
      const value = await it.prometheus.value(`sum(login_etl_messages_${name}_total)`);
      expect(value, name).toBe(count);
    }
  });

  test('quarantined messages are counted by field and rule, as the table has them', async () => {
    const { rows } = await it.stack.pool.query<{ reason: string; count: number }>(
      'select reason, count(*)::int from quarantine group by 1',
    );
    const expected: Record<string, number> = {};
    for (const { reason, count } of rows) {
      const { field, rule } = reasonLabels(reason);
      expected[`${field}: ${rule}`] = (expected[`${field}: ${rule}`] ?? 0) + count;
    }
    const series = await it.prometheus.query('login_etl_messages_quarantined_total > 0');
    expect(byLabels(series, 'field', 'rule')).toEqual(expected);
    expect(Object.keys(expected)).not.toContain('other: other');
  });

  test('what the ledger and the tables hold is what the gauges say', async () => {
    const gauge = (promql: string) => it.prometheus.value(promql);
    expect(await gauge('login_etl_last_run_messages{result="inserted"}')).toBe(GOOD);
    expect(await gauge('login_etl_ledger_runs{outcome="completed"}')).toBe(1);
    expect(await gauge('login_etl_ledger_messages{result="quarantined"}')).toBe(BAD.length);
    await expect
      .poll(() => gauge('login_etl_table_rows{table="user_logins"}'), { timeout: 10_000 })
      .toBe(GOOD);
    expect(await gauge('login_etl_table_rows{table="quarantine"}')).toBe(BAD.length);
    expect(await gauge('time() - login_etl_last_successful_run_timestamp_seconds')).toBeLessThan(
      60,
    );
    expect(await gauge('login_etl_masking_key_since_timestamp_seconds')).toBe(
      Date.parse('2026-01-01') / 1_000,
    );
  });

  test('no value from a message is in what is served', async () => {
    const page = await (await fetch(it.metricsUrl)).text();
    expect(page).toContain('login_etl_messages_received_total');
    expect(page).not.toMatch(/user-\d|device-\d|10\.\d+\.\d+\.\d+/);
  });
});

describe('while no run is active', () => {
  test('depth and age of the queue are looked at', async () => {
    await it.stack.send(loginMessages(5));
    await expect
      .poll(() => it.prometheus.value('login_etl_queue_messages{state="visible"}'), {
        timeout: 10_000,
      })
      .toBe(5);
    await expect
      .poll(() => it.prometheus.value('login_etl_queue_oldest_message_age_seconds'), {
        timeout: 10_000,
      })
      .toBeGreaterThan(2);
    await it.stack.run();
    await expect
      .poll(() => it.prometheus.value('login_etl_queue_oldest_message_age_seconds'), {
        timeout: 10_000,
      })
      .toBe(0);
  });

  test('a schedule that is paused shows', async () => {
    expect(await it.prometheus.value('login_etl_schedule_paused')).toBe(0);
    await setPaused(it.stack.client, true, 'for the test');
    await expect
      .poll(() => it.prometheus.value('login_etl_schedule_paused'), { timeout: 10_000 })
      .toBe(1);
  });
});

function byLabels(series: readonly Sample[], ...labels: string[]): Record<string, number> {
  return Object.fromEntries(
    series.map(({ metric, value }) => [
      labels.map((label) => metric[label]).join(': '),
      Number(value[1]),
    ]),
  );
}
