import {
  type ScheduleHandle,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Command } from 'commander';
import { SCHEDULE_ID } from '../../config.ts';
import { noSchedule, scheduleHandle } from '../../temporal/schedule.ts';
import { EXIT_CODES_HELP } from '../exit-codes.ts';
import { printData, printJson } from '../output.ts';
import { readSettings } from '../read-settings.ts';
import { withTemporal } from '../with-temporal.ts';

type Note = { note?: string; json?: boolean };

/** One call each, none of which needs a payload key. */
export function addScheduleControlCommands(schedule: Command): void {
  withExamples(schedule.command('pause'), ['pause', 'pause --note "database moves tonight"'])
    .description('start no more runs; one that is running goes on')
    .option('--note <text>', 'why, for those who come later', 'paused with login-etl')
    .action(async ({ note, json }: Note, command: Command) => {
      await onSchedule(command, (handle) => handle.pause(note));
      report(json, 'paused', `paused ${SCHEDULE_ID}; \`login-etl schedule resume\` wakes it`);
    });

  withExamples(schedule.command('resume'), ['resume'])
    .description('start runs again')
    .option('--note <text>', 'why, for those who come later', 'resumed with login-etl')
    .action(async ({ note, json }: Note, command: Command) => {
      await onSchedule(command, (handle) => handle.unpause(note));
      report(json, 'resumed', `resumed ${SCHEDULE_ID}`);
    });

  withExamples(schedule.command('trigger'), ['trigger'])
    .description('start a run now, unless one is running')
    .action(async ({ json }: Note, command: Command) => {
      await onSchedule(command, (handle) => handle.trigger(ScheduleOverlapPolicy.SKIP));
      report(
        json,
        'triggered',
        `triggered ${SCHEDULE_ID}; \`login-etl schedule describe\` shows the run`,
      );
    });

  withExamples(schedule.command('delete'), ['delete'])
    .description('remove the schedule; a run that is running goes on')
    .action(async ({ json }: Note, command: Command) => {
      await onSchedule(command, (handle) => handle.delete());
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
  act: (handle: ScheduleHandle) => Promise<void>,
): Promise<void> {
  const { temporal } = readSettings(command, ['temporal']);
  await withTemporal(temporal, undefined, async (client) => {
    try {
      await act(scheduleHandle(client));
    } catch (error) {
      throw error instanceof ScheduleNotFoundError ? noSchedule() : error;
    }
  });
}
