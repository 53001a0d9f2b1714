import type { Command } from 'commander';
import { addRunsListCommand } from './runs-list.ts';
import { addRunsShowCommand } from './runs-show.ts';

export function addRunsCommand(program: Command): void {
  const runs = program.command('runs').description('the runs so far, and what each did');
  addRunsListCommand(runs);
  addRunsShowCommand(runs);
}
