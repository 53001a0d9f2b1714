import { Argument, type Command } from 'commander';
import { bashCompletion } from '../../completion/bash.ts';
import { commandTree } from '../../completion/command-tree.ts';
import { completionCases } from '../../completion/completion-cases.ts';
import { fishCompletion } from '../../completion/fish.ts';
import { zshCompletion } from '../../completion/zsh.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';

// Scripts of our own: those of @bomb.sh/tab (0.0.22) start this program at every TAB (1.3 s) and complete no file names.
const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof SHELLS;

const HELP = `
Prints a completion script for the shell. Shells complete commands by name: if login-etl is not on the PATH, as with
npx, define an alias or run \`npm link\`.

Examples:
  source <(login-etl completion bash)                                        in ~/.bashrc
  source <(login-etl completion zsh)                                         in ~/.zshrc, after compinit
  login-etl completion fish > ~/.config/fish/completions/login-etl.fish
${EXIT_CODES_HELP}`;

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SHELLS)))
    .addHelpText('after', HELP)
    .action((shell: Shell) => {
      process.stdout.write(SHELLS[shell](completionCases(commandTree(program))));
    });
}
