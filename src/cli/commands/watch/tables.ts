import type { Command } from 'commander';
import { dayOf } from '../../../domain/tables/days.ts';
import {
  dropsAt,
  monthsAhead,
  nextActions,
  stateOfMonth,
  type TablesState,
} from '../../../domain/tables/tables-state.ts';
import { readTables } from '../../../postgres/partitions/read-tables.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { describeTables } from '../../status/describe-tables.ts';
import { printData, printJson, terminalWidth } from '../../terminal/output.ts';
import { type Column, renderTable } from '../../terminal/table.ts';

const HELP = `
Rows are Postgres' estimate. The schedule maintain-tables starts the maintenance every day: it makes the partitions of
coming months and moves rows out of the default partition. The custodian's worker (schedule retain-tables) applies the
retention that its settings ask for (LOGIN_RETENTION_MONTHS); what is shown of it is what that worker has last found. This
command changes nothing.

Examples:
  login-etl tables
  login-etl tables --dry-run                 what the next maintenance will do
  login-etl tables --json | jq .detached
${EXIT_CODES_HELP}`;

export function addTablesCommand(program: Command): void {
  program
    .command('tables')
    .description('show the monthly partitions, and what the maintenance does with them')
    .option('--dry-run', 'only list what the next maintenance will do')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ json, dryRun }: { json?: boolean; dryRun?: boolean }, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const state = await withDatabase(command, postgres, readTables);
      const now = new Date();
      const next = nextActions(state, now);
      if (json) {
        const months = state.months.map((each) => ({
          ...each,
          state: stateOfMonth(each.month, state, now),
        }));
        printJson({ ...state, months, monthsAhead: monthsAhead(state, now), next });
      } else if (dryRun) printData(next.length > 0 ? next : 'nothing');
      else printData(describe(state, now));
    });
}

const COLUMNS: readonly Column[] = [
  { title: 'table' },
  { title: 'rows', align: 'right' },
  { title: 'MiB', align: 'right', drop: 1 },
  { title: 'state' },
];

function describe(state: TablesState, now: Date): string[] {
  const { months, detached, retention } = state;
  const rows = [
    ...detached.map((each) => {
      const until = retention ? `, dropped from ${dayOf(dropsAt(each, retention.policy))} on` : '';
      return [
        each.table,
        each.rows,
        mebibytes(each.bytes),
        `detached ${dayOf(each.detachedAt)}${until}`,
      ];
    }),
    ...months.map((each) => [
      each.table,
      each.rows ?? '',
      mebibytes(each.bytes),
      stateOfMonth(each.month, state, now),
    ]),
  ];
  return [...renderTable(COLUMNS, rows, terminalWidth()), '', ...describeTables(state, now)];
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 102.4) / 10;
