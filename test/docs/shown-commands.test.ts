import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { complaint } from './complaint.ts';
import { documents, ROOT } from './documents.ts';
import { helpPages, nextStepsPage } from './help-pages.ts';
import { type ShownCommand, shownCommands } from './shown-commands.ts';

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

/** `Run \`login-etl migrate\`` in an error or a next step; a template's value is filled in. */
const inSources = () =>
  globSync('{src/**/*.ts,deploy/prometheus/**/*.yml}', { cwd: ROOT }).map((path) => ({
    path,
    text: (
      readFileSync(`${ROOT}${path}`, 'utf8')
        .replaceAll('\\`', '`')
        .replaceAll(/\$\{[^}]*\}/g, 'VALUE')
        .match(/`(?:npx )?login-etl [^`]+`/g) ?? []
    ).join('\n'),
  }));

const wrongOnes = (shown: readonly ShownCommand[]) =>
  shown.flatMap((command) => {
    const why = complaint(command);
    return why && why !== 'named only'
      ? [`${command.where}: login-etl ${command.args.join(' ')}: ${why}`]
      : [];
  });

test('every command in README, CONTRIBUTING, docs, --help and the next steps of npm start exists, with the options that it is shown with', () => {
  const pages = [...documents(), ...helpPages(createProgram()), nextStepsPage()];
  const shown = pages.flatMap(shownCommands);
  expect(shown.length).toBeGreaterThan(100);
  expect(wrongOnes(shown)).toEqual([]);
});

test('every command in an error or a next step of the sources, and in an alert, exists', () => {
  const shown = inSources()
    .flatMap(shownCommands)
    // A name that is filled in, and a sentence about the program.
    .filter(({ args }) => !args.slice(0, 2).some((arg) => ['VALUE', '…', 'has'].includes(arg)));
  expect(shown.length).toBeGreaterThan(50);
  expect(wrongOnes(shown)).toEqual([]);
});

test('a command or option that does not exist is noticed', () => {
  const shown = (...args: string[]) => complaint({ where: 'here', args, mention: false });
  expect(shown('schedule', 'create', '--replace', '--every', '1m')).toBeUndefined();
  expect(shown('schedule', 'create', '--no-such-option')).toContain('unknown option');
  expect(shown('no-such-command')).toContain('unknown command');
  expect(shown('reveal', '--ip', 'HASH')).toContain('--reason');
});
