export type PanelKind = 'timeseries' | 'stat' | 'table';

export type PanelPlan = {
  title: string;
  description?: string;
  kind?: PanelKind;
  unit?: string;
  /** In columns of the dashboard's 24. */
  width: number;
  /** PromQL by legend. */
  queries: Readonly<Record<string, string>>;
  /** The values from which a stat is yellow and red. */
  thresholds?: { yellow: number; red: number };
};

export type RowPlan = { title: string; panels: readonly PanelPlan[] };

const INTERVAL = '$__rate_interval';
const rate = (metric: string): string => `sum(rate(${metric}[${INTERVAL}]))`;
const quantile = (q: number, metric: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by}) (rate(${metric}_bucket[${INTERVAL}])))`;
const state = (name: string): string => `login_etl:queue_messages:max{state="${name}"}`;
const MESSAGES = 'login_etl_messages';
/** The objective of the alert LoginEtlLagOverObjective. */
const LAG_OBJECTIVE_SECONDS = 300;

/** The panels for people on call, most important first. */
export const ROWS: readonly RowPlan[] = [
  {
    title: 'Do logins flow?',
    panels: [
      {
        title: 'Last successful run',
        kind: 'stat',
        unit: 's',
        width: 4,
        queries: { ago: 'login_etl:last_successful_run_age_seconds:min' },
        thresholds: { yellow: 300, red: 600 },
      },
      {
        title: 'Waiting on the queue',
        kind: 'stat',
        width: 4,
        queries: { messages: state('visible') },
        thresholds: { yellow: 1_000, red: 100_000 },
      },
      {
        title: 'Oldest message',
        description: 'An estimate: see docs/metrics.md.',
        kind: 'stat',
        unit: 's',
        width: 4,
        queries: { age: 'login_etl:queue_oldest_message_age_seconds:min' },
        thresholds: { yellow: LAG_OBJECTIVE_SECONDS, red: 3_600 },
      },
      {
        title: 'Workers that poll',
        kind: 'stat',
        width: 4,
        queries: { workers: 'count(sum by (instance) (temporal_num_pollers) > 0)' },
      },
      {
        title: 'Out of reach',
        description: 'Parts that no worker reaches: Temporal, Postgres, the queue.',
        kind: 'stat',
        width: 4,
        queries: { parts: 'sum(1 - max by (dependency) (login_etl_dependency_up))' },
        thresholds: { yellow: 1, red: 1 },
      },
      {
        title: 'Schedule paused',
        kind: 'stat',
        width: 4,
        queries: { paused: 'max(login_etl_schedule_paused)' },
        thresholds: { yellow: 1, red: 1 },
      },
    ],
  },
  {
    title: 'Messages',
    panels: [
      {
        title: 'Messages by outcome',
        unit: 'cps',
        width: 12,
        queries: Object.fromEntries(
          ['received', 'inserted', 'duplicate', 'quarantined', 'acknowledged'].map((name) => [
            name,
            rate(`${MESSAGES}_${name}_total`),
          ]),
        ),
      },
      {
        title: 'Depth of the queue',
        width: 12,
        queries: {
          waiting: state('visible'),
          'in flight': state('in_flight'),
          delayed: state('delayed'),
        },
      },
      {
        title: 'Lag from sent to stored',
        description: `Of a batch's oldest message. The objective is ${LAG_OBJECTIVE_SECONDS} s for 99 of 100.`,
        unit: 's',
        width: 12,
        queries: {
          'half of the batches': quantile(0.5, 'login_etl_batch_lag_seconds'),
          '99 of 100': quantile(0.99, 'login_etl_batch_lag_seconds'),
        },
      },
      {
        title: 'Age of the oldest message',
        unit: 's',
        width: 12,
        queries: { age: 'login_etl:queue_oldest_message_age_seconds:min' },
      },
    ],
  },
  {
    title: 'Steps',
    panels: [
      {
        title: 'Step latency, 95 of 100',
        unit: 's',
        width: 8,
        queries: { '{{step}}': quantile(0.95, 'login_etl_step_duration_seconds', ', step') },
      },
      {
        title: 'Failures by step',
        unit: 'cps',
        width: 8,
        queries: {
          '{{step}} {{error}}': `sum by (step, error) (rate(login_etl_step_failures_total[${INTERVAL}]))`,
        },
      },
      {
        title: 'Batches',
        width: 8,
        queries: {
          'messages, median': quantile(0.5, 'login_etl_batch_messages'),
          'messages, 95 of 100': quantile(0.95, 'login_etl_batch_messages'),
        },
      },
      {
        title: 'Schedule to start',
        description: 'How long tasks wait for a worker: when it grows, there are too few.',
        unit: 's',
        width: 12,
        queries: {
          activities: quantile(0.95, 'temporal_activity_schedule_to_start_latency_seconds'),
          workflows: quantile(0.95, 'temporal_workflow_task_schedule_to_start_latency_seconds'),
        },
      },
      {
        title: 'Activity slots',
        width: 12,
        queries: {
          used: 'sum(temporal_worker_task_slots_used{worker_type="ActivityWorker"})',
          available: 'sum(temporal_worker_task_slots_available{worker_type="ActivityWorker"})',
        },
      },
    ],
  },
  {
    title: 'Quarantine',
    panels: [
      {
        title: 'Quarantined by reason',
        unit: 'cps',
        width: 12,
        queries: {
          '{{field}} {{rule}}': `sum by (field, rule) (rate(${MESSAGES}_quarantined_total[${INTERVAL}])) > 0`,
        },
      },
      {
        title: 'Share of quarantine',
        unit: 'percentunit',
        width: 6,
        queries: { share: 'login_etl:quarantine_share:ratio15m' },
      },
      {
        title: 'Rows',
        width: 6,
        queries: { '{{table}}': 'max by (table) (login_etl_table_rows)' },
      },
    ],
  },
  {
    title: 'Runs',
    panels: [
      {
        title: 'The latest run',
        kind: 'table',
        width: 6,
        queries: { '{{result}}': 'max by (result) (login_etl_last_run_messages)' },
      },
      {
        title: 'Runs of the last 24 hours',
        kind: 'table',
        width: 6,
        queries: { '{{outcome}}': 'max by (outcome) (login_etl_ledger_runs)' },
      },
      {
        title: 'Schedule: started, skipped, missed',
        width: 6,
        queries: { '{{result}}': 'max by (result) (delta(login_etl_schedule_runs[1h]))' },
      },
      {
        title: 'Duration of the latest run',
        unit: 's',
        width: 6,
        queries: { duration: 'max(login_etl_last_run_duration_seconds)' },
      },
    ],
  },
  {
    title: 'Postgres and keys',
    panels: [
      {
        title: 'Connection pool',
        width: 8,
        queries: {
          '{{state}}': 'sum by (state) (login_etl_postgres_pool_connections)',
          waiting: 'sum(login_etl_postgres_pool_waiting)',
          limit: 'sum(login_etl_postgres_pool_limit)',
        },
      },
      {
        title: 'Size of the tables',
        unit: 'bytes',
        width: 8,
        queries: { '{{table}}': 'max by (table) (login_etl_table_bytes)' },
      },
      {
        title: 'Partitions and retention',
        width: 8,
        queries: {
          'months ahead': 'max(login_etl_partition_months_ahead)',
          'rows in the default partition': 'max(login_etl_default_partition_rows)',
          'months that wait for retention': 'max(login_etl_retention_months_waiting)',
        },
      },
      {
        title: 'Keys',
        kind: 'table',
        width: 8,
        queries: {
          '{{kind}} {{key_id}}': 'count by (kind, key_id, active) (login_etl_key_info)',
        },
      },
    ],
  },
  {
    title: 'The read service',
    panels: [
      {
        title: 'Answers by status',
        width: 8,
        queries: {
          '{{status}}': `sum by (status) (rate(login_etl_api_requests_total[${INTERVAL}]))`,
        },
      },
      {
        title: 'Time to answer, 99 of 100',
        unit: 's',
        width: 8,
        queries: {
          '{{route}}': quantile(0.99, 'login_etl_api_request_duration_seconds', ', route'),
        },
      },
      {
        title: 'Answers by source',
        width: 8,
        queries: {
          '{{source}}': `sum by (source) (rate(login_etl_api_answers_total[${INTERVAL}]))`,
        },
      },
    ],
  },
];
