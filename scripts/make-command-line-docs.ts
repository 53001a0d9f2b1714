import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT_CODES_HELP } from '../src/cli/exit-codes.ts';
import { createProgram } from '../src/cli/program.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program that generates docs/command-line.md from the commands and their options.
const FILE = fileURLToPath(new URL('../docs/command-line.md', import.meta.url));

const INTRODUCTION = `# The command line

Every command and option, made from the commands by \`node scripts/make-command-line-docs.ts\`. \`login-etl COMMAND --help\` says
more about a command and shows examples.

- Data goes to standard output, everything else to standard error. Commands that print data take \`--json\`.
- Colours and progress bars appear on a terminal only; \`NO_COLOR\` turns colours off. Tables fit the terminal; nothing is cut in
  a file or a pipe.
- An error says what went wrong, why, and what to do.
- Settings come from the environment or \`--env-file PATH\`. A command asks only for the settings that it needs.
`;

export function commandLineDocs(): string {
  const codes = EXIT_CODES_HELP.trim().split('\n').slice(1);
  const rows = codes.map((line) => /^ +(\d+) +(.*)$/.exec(line)?.slice(1) ?? []);
  return [
    INTRODUCTION,
    '## Exit codes\n',
    ...rows.map(([code, meaning]) => `- \`${code}\`: ${meaning}`),
    '\n## Commands\n',
    leavesOf(createProgram()).map(section).join('\n\n'),
    '',
  ].join('\n');
}

function section(command: Command): string {
  const help = command.createHelp();
  const usage = [
    nameOf(command),
    ...help.visibleArguments(command).map((each) => argument(each.name(), each)),
  ];
  const options = help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help' && long !== '--json')
    .map((option) => item(help.optionTerm(option), help.optionDescription(option)));
  const rest = [
    ...help
      .visibleArguments(command)
      .map((each) => item(each.name(), help.argumentDescription(each))),
    ...options,
  ];
  const list = rest.length > 0 ? `\n\n${rest.join('\n')}` : '';
  return `### ${usage.join(' ')}\n\n${help.commandDescription(command)}${list}`;
}

const argument = (name: string, { required, variadic }: { required: boolean; variadic: boolean }) =>
  `${required ? '' : '['}${name.toUpperCase()}${variadic ? '…' : ''}${required ? '' : ']'}`;

/** Removes text that depends on the current day. */
const item = (term: string, description: string): string =>
  `- \`${term}\`: ${description.replace(/\(default: "\d{4}-\d\d"\)/, '(default: the month)')}`;

const leavesOf = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

if (import.meta.main) await writeOrCheck(FILE, commandLineDocs);
