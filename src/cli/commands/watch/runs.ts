import type { Command } from 'commander';
import { addRunsListCommand } from './runs-list.ts';
import { addRunsShowCommand } from './runs-show.ts';

export function addRunsCommand(program: Command): void {
  const runs = program.command('runs').description('list runs, or show one');
  addRunsListCommand(runs);
  addRunsShowCommand(runs);
}
