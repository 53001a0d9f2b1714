import { type Command, Option } from 'commander';
import { SCHEDULE_ID } from '../../../domain/names.ts';
import {
  createSchedule,
  DEFAULT_CATCHUP_WINDOW_MS,
  DEFAULT_EVERY_MS,
} from '../../../temporal/schedule/create-schedule.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseDurationMs } from '../../options/duration.ts';
import { addInputOption, readIngestInput } from '../../options/ingest-options.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson } from '../../terminal/output.ts';

/** Temporal takes no less. */
const MIN_EVERY_MS = 1_000;
const MIN_CATCHUP_WINDOW_MS = 10_000;

const HELP = `
A run that is due while another is going on is skipped: the one that is going on drains the queue.

Examples:
  login-etl schedule create                                      every minute
  login-etl schedule create --every 30s --paused
  login-etl schedule create --cron '*/5 * * * *' --replace
  login-etl schedule create --cron 'CRON_TZ=Europe/Berlin 0 3 * * *'
  login-etl schedule create --input '{"maxMessages": 100000}'
${EXIT_CODES_HELP}`;

type Options = {
  every?: number;
  cron?: string;
  input?: string;
  paused?: boolean;
  catchupWindow: number;
  replace?: boolean;
  json?: boolean;
};

export function addScheduleCreateCommand(schedule: Command): void {
  const create = schedule
    .command('create')
    .description('create it: every minute, unless told otherwise')
    .addOption(
      new Option('--every <duration>', 'how often: 30s, 5m, 1h').argParser(parseDurationMs),
    )
    .addOption(new Option('--cron <expression>', 'when, in UTC').conflicts('every'));
  addInputOption(create)
    .option('--paused', 'do not start any run until it is resumed')
    .addOption(
      new Option('--catchup-window <duration>', 'start a missed run up to so much later')
        .argParser(parseDurationMs)
        .default(DEFAULT_CATCHUP_WINDOW_MS, '10m'),
    )
    .option('--replace', 'change it if it is already there; a paused one stays paused')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options, command: Command) => {
      const plan = readPlan(options);
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      await withTemporal(temporal, payloads.keys, async (client) => {
        const done = await createSchedule(client, plan, { replace: options.replace ?? false });
        const { state, info } = await client.schedule.getHandle(SCHEDULE_ID).describe();
        if (options.json) {
          const next = state.paused ? null : (info.nextActionTimes[0] ?? null);
          printJson({ scheduleId: SCHEDULE_ID, done, paused: state.paused, next });
          return;
        }
        const next = state.paused
          ? 'It is paused: `login-etl schedule resume`'
          : `Next run: ${info.nextActionTimes[0]?.toISOString() ?? 'never'}`;
        printData(`${done} the schedule ${SCHEDULE_ID}\n${next}`);
      });
    });
}

function readPlan(options: Options) {
  const everyMs = options.every ?? DEFAULT_EVERY_MS;
  if (everyMs < MIN_EVERY_MS) throw tooShort('--every', '1s');
  if (options.catchupWindow < MIN_CATCHUP_WINDOW_MS) throw tooShort('--catchup-window', '10s');
  return {
    when: options.cron === undefined ? { everyMs } : { cron: options.cron },
    catchupWindowMs: options.catchupWindow,
    input: readIngestInput(options.input === undefined ? {} : { input: options.input }),
    paused: options.paused,
  };
}

const tooShort = (option: string, least: string) =>
  new UsageProblem(
    `${option} is too short`,
    `Temporal takes ${least} at least`,
    `Give ${least} or more.`,
  );
