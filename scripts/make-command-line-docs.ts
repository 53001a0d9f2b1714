import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT_CODES_HELP } from '../src/cli/exit-codes.ts';
import { createProgram } from '../src/cli/program.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program: writes docs/command-line.md from the commands and their help.
const FILE = fileURLToPath(new URL('../docs/command-line.md', import.meta.url));

/** As wide as a terminal, wherever it is made. */
const HELP_WIDTH = 100;

const INTRODUCTION = `# The command line

Made from the commands by \`node scripts/make-command-line-docs.ts\`: it is what \`--help\` says.

- Data goes to standard output, everything else to standard error. \`--json\` is on everything that prints data.
- Colours and progress bars are on a terminal only, and colours not with \`NO_COLOR\`. Tables fit the terminal; in a
  file or a pipe nothing is cut.
- An error says what went wrong, why, and what to do.
- Settings come from the environment or \`--env-file PATH\`; a command asks for those that it needs, and for no others.
`;

export function commandLineDocs(): string {
  const program = createProgram();
  const codes = EXIT_CODES_HELP.trim().split('\n').slice(1);
  const rows = codes.map((line) => /^ +(\d+) +(.*)$/.exec(line)?.slice(1) ?? []);
  return [
    INTRODUCTION,
    '## Exit codes\n',
    ...rows.map(([code, meaning]) => `- \`${code}\`: ${meaning}`),
    '\n## Commands',
    ...leavesOf(program).map(section),
    '',
  ].join('\n');
}

function section(command: Command): string {
  const help = helpOf(command).replace(EXIT_CODES_HELP.trim(), '').trim();
  return `\n### ${nameOf(command)}\n\n\`\`\`text\n${help}\n\`\`\``;
}

const leavesOf = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
    getOutHelpWidth: () => HELP_WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  // What depends on the day it is made.
  return text.replace(/\(default: "\d{4}-\d\d"\)/, '(default: the month)');
}

if (import.meta.main) await writeOrCheck(FILE, commandLineDocs);
