import { type Client, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Command } from 'commander';
import { SCHEDULE_ID } from '../../../domain/names.ts';
import { refuseWhileRecovering } from '../../../temporal/recovery/steer-recovery.ts';
import { noSchedule, scheduleHandle } from '../../../temporal/schedule/create-schedule.ts';
import { deleteMaintenanceSchedule } from '../../../temporal/schedule/daily-schedules.ts';
import { readSchedule } from '../../../temporal/schedule/read-schedule.ts';
import { setPaused } from '../../../temporal/schedule/set-paused.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { confirm } from '../../terminal/confirm.ts';
import { printData, printJson } from '../../terminal/output.ts';

type Options = { note?: string; yes?: boolean; json?: boolean };

const READ_TIMEOUT_MS = 5_000;

/** Notes for people who give none. */
const PAUSED = 'paused with login-etl';
const RESUMED = 'resumed with login-etl';

/** None of them needs a payload key. */
export function addScheduleControlCommands(schedule: Command): void {
  withExamples(schedule.command('pause'), ['pause', 'pause --note "database moves tonight"'])
    .description('start no more runs; an open run continues')
    .option('--note <text>', 'why, for other people', PAUSED)
    .action(async ({ note, json }: Options, command: Command) => {
      await onSchedule(command, (client) => setPaused(client, true, note || PAUSED));
      report(json, 'paused', `paused ${SCHEDULE_ID}; to resume it: \`login-etl schedule resume\``);
    });

  withExamples(schedule.command('resume'), ['resume'])
    .description('start runs again')
    .option('--note <text>', 'why, for other people', RESUMED)
    .action(async ({ note, json }: Options, command: Command) => {
      await onSchedule(command, async (client) => {
        await refuseWhileRecovering(client);
        await setPaused(client, false, note || RESUMED);
      });
      report(json, 'resumed', `resumed ${SCHEDULE_ID}`);
    });

  withExamples(schedule.command('trigger'), ['trigger'])
    .description('start a run now, unless one is open')
    .action(async ({ json }: Options, command: Command) => {
      await onSchedule(command, (client) =>
        scheduleHandle(client).trigger(ScheduleOverlapPolicy.SKIP),
      );
      report(
        json,
        'triggered',
        `triggered ${SCHEDULE_ID}; \`login-etl schedule describe\` shows the run`,
      );
    });

  withExamples(schedule.command('delete'), ['delete', 'delete --yes'])
    .description('delete the schedule and that of the maintenance; open runs continue')
    .option('--yes', 'do not ask for confirmation')
    .action(async ({ json, yes }: Options, command: Command) => {
      await onSchedule(command, async (client) => {
        const { namespace } = client.options;
        if (!(await readSchedule(client.connection, namespace, READ_TIMEOUT_MS)))
          throw noSchedule();
        await confirm(
          `The schedule ${SCHEDULE_ID} will be deleted, with its times and inputs.`,
          yes,
        );
        await scheduleHandle(client).delete();
        await deleteMaintenanceSchedule(client);
      });
      report(json, 'deleted', `deleted the schedule ${SCHEDULE_ID}`);
    });
}

function report(json: boolean | undefined, done: string, text: string): void {
  if (json) printJson({ scheduleId: SCHEDULE_ID, done });
  else printData(text);
}

const withExamples = (command: Command, lines: readonly string[]): Command =>
  command
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n${lines.map((line) => `  login-etl schedule ${line}`).join('\n')}\n${EXIT_CODES_HELP}`,
    );

async function onSchedule(
  command: Command,
  act: (client: Client) => Promise<unknown>,
): Promise<void> {
  const { temporal } = readSettings(command, ['temporal']);
  await withTemporal(temporal, undefined, async (client) => {
    try {
      await act(client);
    } catch (error) {
      throw error instanceof ScheduleNotFoundError ? noSchedule() : error;
    }
  });
}
