import { fileURLToPath } from 'node:url';
import { ReduceDataOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { type PanelPlan, ROWS } from './dashboard-panels.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program that generates the dashboard from its panels. `--check` reports whether the file is up to date.
const FILE = fileURLToPath(new URL('../deploy/grafana/dashboards/login-etl.json', import.meta.url));

/** A variable of the dashboard, so that its Prometheus may have any name. */
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

export function dashboardJson(): string {
  const dashboard = new DashboardBuilder('login-etl')
    .uid('login-etl')
    .description('Do logins flow from the queue to Postgres, and if not, why? See docs/runbook.md.')
    .tags(['login-etl'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('15s')
    .timezone('utc')
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    );
  let id = 0;
  const nextId = () => {
    id += 1;
    return id;
  };
  for (const { title, panels } of ROWS) {
    dashboard.withRow(new RowBuilder(title).id(nextId()));
    for (const plan of panels) dashboard.withPanel(panel(plan).id(nextId()));
  }
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}

function panel(plan: PanelPlan) {
  const made = empty(plan)
    .title(plan.title)
    .datasource(DATASOURCE)
    .span(plan.width)
    .height(plan.kind === 'stat' ? 4 : 8);
  if (plan.description) made.description(plan.description);
  if (plan.unit) made.unit(plan.unit);
  for (const [legend, expr] of Object.entries(plan.queries)) {
    const query = new DataqueryBuilder().expr(expr).legendFormat(legend);
    // One value each; a table shows the labels as columns.
    if (plan.kind === 'table') query.instant().format(PromQueryFormat.Table);
    made.withTarget(query);
  }
  return made;
}

function empty({ kind, thresholds }: PanelPlan): StatBuilder | TableBuilder | TimeseriesBuilder {
  if (kind === 'table') return new TableBuilder();
  if (kind !== 'stat') return new TimeseriesBuilder().lineWidth(1).fillOpacity(10);
  const latest = new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
  const stat = new StatBuilder().reduceOptions(latest);
  if (!thresholds) return stat;
  return stat.thresholds(
    new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
      { value: null, color: 'green' },
      { value: thresholds.yellow, color: 'yellow' },
      { value: thresholds.red, color: 'red' },
    ]),
  );
}

if (import.meta.main) await writeOrCheck(FILE, dashboardJson);
