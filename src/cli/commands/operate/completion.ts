import { Argument, type Command } from 'commander';
import { bashCompletion } from '../../completion/bash.ts';
import { commandTree } from '../../completion/command-tree.ts';
import { completionCases } from '../../completion/completion-cases.ts';
import { fishCompletion } from '../../completion/fish.ts';
import { zshCompletion } from '../../completion/zsh.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof SHELLS;

const HELP = `
Prints a script for the shell, made from the commands as they are. Where login-etl is not on the PATH, as with npx,
make it an alias or \`npm link\` it: shells complete commands by their name.

Examples:
  source <(login-etl completion bash)                                        in ~/.bashrc
  source <(login-etl completion zsh)                                         in ~/.zshrc, after compinit
  login-etl completion fish > ~/.config/fish/completions/login-etl.fish
${EXIT_CODES_HELP}`;

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('a script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SHELLS)))
    .addHelpText('after', HELP)
    .action((shell: Shell) => {
      process.stdout.write(SHELLS[shell](completionCases(commandTree(program))));
    });
}
