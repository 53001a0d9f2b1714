import { type Command, Option } from 'commander';
import { SCHEDULE_ID } from '../../../domain/names.ts';
import { createSchedule, type SchedulePlan } from '../../../temporal/schedule/create-schedule.ts';
import { ensureMaintenanceSchedule } from '../../../temporal/schedule/daily-schedules.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseDurationMs } from '../../options/duration.ts';
import {
  addIngestOptions,
  type IngestOptions,
  readIngestInput,
} from '../../options/ingest-options.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson } from '../../terminal/output.ts';

/** The minimum that Temporal accepts. */
const MIN_EVERY_MS = 1_000;
const MIN_CATCHUP_WINDOW_MS = 10_000;

const HELP = `
A run that is due while another is open is skipped, since the open run drains the queue.

The tables' daily maintenance gets a schedule of its own, maintain-tables. One that exists stays as it is.

--replace keeps what is not given: times, inputs, catch-up window, and whether the schedule is paused. To remove an
input, delete the schedule and create it again.

Examples:
  login-etl schedule create                                      every minute
  login-etl schedule create --every 30s --paused
  login-etl schedule create --cron '*/5 * * * *' --replace
  login-etl schedule create --cron 'CRON_TZ=Europe/Berlin 0 3 * * *'
  login-etl schedule create --replace --lanes 6                  everything else stays
${EXIT_CODES_HELP}`;

type Options = IngestOptions & {
  every?: number;
  cron?: string;
  paused?: boolean;
  catchupWindow?: number;
  replace?: boolean;
  json?: boolean;
};

export function addScheduleCreateCommand(schedule: Command): void {
  const create = schedule
    .command('create')
    .description('create or change the schedule')
    .addOption(
      new Option('--every <duration>', 'how often: 30s, 5m, 1h (default: 1m)').argParser(
        parseDurationMs,
      ),
    )
    .addOption(new Option('--cron <expression>', 'when, in UTC').conflicts('every'));
  addIngestOptions(create)
    .option('--paused', 'start no run until it is resumed')
    .addOption(
      new Option(
        '--catchup-window <duration>',
        'start a missed run up to this much later (default: 10m)',
      ).argParser(parseDurationMs),
    )
    .option('--replace', 'change an existing schedule; what is not given stays')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options, command: Command) => {
      const plan = readPlan(options);
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      await withTemporal(temporal, payloads.keys, async (client) => {
        const done = await createSchedule(client, plan, { replace: options.replace ?? false });
        await ensureMaintenanceSchedule(client);
        const { state, info } = await client.schedule.getHandle(SCHEDULE_ID).describe();
        if (options.json) {
          const next = state.paused ? null : (info.nextActionTimes[0] ?? null);
          printJson({ scheduleId: SCHEDULE_ID, done, paused: state.paused, next });
          return;
        }
        const next = state.paused
          ? 'It is paused: `login-etl schedule resume`'
          : `Next run: ${info.nextActionTimes[0]?.toISOString() ?? 'never'}`;
        printData([`${done} the schedule ${SCHEDULE_ID}`, next]);
      });
    });
}

function readPlan({ every, cron, catchupWindow, paused, ...inputs }: Options): SchedulePlan {
  if ((every ?? MIN_EVERY_MS) < MIN_EVERY_MS) throw tooShort('--every', '1s');
  if ((catchupWindow ?? MIN_CATCHUP_WINDOW_MS) < MIN_CATCHUP_WINDOW_MS) {
    throw tooShort('--catchup-window', '10s');
  }
  return {
    when: cron !== undefined ? { cron } : every !== undefined ? { everyMs: every } : undefined,
    catchupWindowMs: catchupWindow,
    input: readIngestInput(inputs),
    paused,
  };
}

const tooShort = (option: string, least: string) =>
  new UsageProblem(
    `${option} is too short`,
    `the minimum of Temporal is ${least}`,
    `Give ${least} or more.`,
  );
