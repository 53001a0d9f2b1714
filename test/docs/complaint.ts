import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import type { ShownCommand } from './shown-commands.ts';

const codeOf = (error: unknown) => (error as { code?: string }).code ?? '';

/**
 * What the real command line says against these arguments; nothing is run. A sentence may name a group of commands, or a
 * command without what it requires: that is `named only`.
 */
export function complaint({ args, mention }: ShownCommand): string | undefined {
  const program = createProgram();
  withoutActions(program);
  try {
    program.parse(['node', 'login-etl', ...args]);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'commander.helpDisplayed') return undefined;
    // A value that the reader fills in.
    if (code === 'commander.invalidArgument' && args.some((arg) => /…|\$\(/.test(arg)))
      return undefined;
    if (mention && /^commander\.(help|missing\w+)$/.test(code)) return 'named only';
    return (error as Error).message;
  }
}

function withoutActions(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) withoutActions(child);
}
