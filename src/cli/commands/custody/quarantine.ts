import type { Command } from 'commander';
import { addQuarantineDiscardCommand } from './quarantine-discard.ts';
import { addQuarantineEditCommand } from './quarantine-edit.ts';
import { addQuarantineListCommand } from './quarantine-list.ts';
import { addQuarantineReplayCommand } from './quarantine-replay.ts';
import { addQuarantineShowCommand } from './quarantine-show.ts';

export function addQuarantineCommand(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('messages that are not login events: list, show, edit, replay, discard');
  addQuarantineListCommand(quarantine);
  addQuarantineShowCommand(quarantine);
  addQuarantineEditCommand(quarantine);
  addQuarantineReplayCommand(quarantine);
  addQuarantineDiscardCommand(quarantine);
}
