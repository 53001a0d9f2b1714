import type { Command } from 'commander';
import { addScheduleControlCommands } from './schedule-control.ts';
import { addScheduleCreateCommand } from './schedule-create.ts';
import { addScheduleDescribeCommand } from './schedule-describe.ts';

export function addScheduleCommand(program: Command): void {
  const schedule = program
    .command('schedule')
    .description('the schedule that starts runs (ingest-logins)');
  addScheduleCreateCommand(schedule);
  addScheduleDescribeCommand(schedule);
  addScheduleControlCommands(schedule);
}
