import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { type Document, documents } from './documents.ts';
import { type ShownCommand, shownCommands } from './shown-commands.ts';

const codeOf = (error: unknown) => (error as { code?: string }).code ?? '';

/** What the real command line says against these arguments; nothing is run. */
function complaint({ args, mention }: ShownCommand): string | undefined {
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
    // A sentence may name a group of commands, or a command without what it requires.
    if (mention && /^commander\.(help|missing\w+)$/.test(code)) return undefined;
    return (error as Error).message;
  }
}

function withoutActions(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) withoutActions(child);
}

test('the calls of login-etl in a document are found, with their arguments', () => {
  const text = [
    'Say `login-etl runs show ID` or',
    '```sh',
    'A=1 npx login-etl find --ip - < file   # a comment',
    'login-etl schedule create      every minute',
    'jq . | login-etl send - && login-etl run --input \'{"lanes": 2}\' \\',
    '  --detach > log',
    'source <(login-etl completion bash)',
    '```',
  ].join('\n');
  expect(shownCommands({ path: 'x.md', text }).map(({ args }) => args)).toEqual([
    ['find', '--ip', '-'],
    ['schedule', 'create'],
    ['send', '-'],
    ['run', '--input', '{"lanes": 2}', '--detach'],
    ['completion', 'bash'],
    ['runs', 'show', 'ID'],
  ]);
});

/** What `--help` prints for a command and for all below it; the examples are a block. */
function helpPages(command: Command): Document[] {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  const [prose, examples = ''] = text.split('Examples:');
  const page = {
    path: `--help of ${command.name()}`,
    text: `${prose}\n\`\`\`\n${examples}\n\`\`\``,
  };
  return [page, ...command.commands.flatMap(helpPages)];
}

test('every command in README, CONTRIBUTING, docs and --help exists, with the options that it is shown with', () => {
  const shown = [...documents(), ...helpPages(createProgram())].flatMap(shownCommands);
  expect(shown.length).toBeGreaterThan(100);
  const wrong = shown.flatMap((command) => {
    const why = complaint(command);
    return why ? [`${command.where}: login-etl ${command.args.join(' ')}: ${why}`] : [];
  });
  expect(wrong).toEqual([]);
});

test('a command or option that does not exist is noticed', () => {
  const shown = (...args: string[]) => complaint({ where: 'here', args, mention: false });
  expect(shown('schedule', 'create', '--replace', '--every', '1m')).toBeUndefined();
  expect(shown('schedule', 'create', '--no-such-option')).toContain('unknown option');
  expect(shown('no-such-command')).toContain('unknown command');
  expect(shown('reveal', '--ip', 'HASH')).toContain('--reason');
});
