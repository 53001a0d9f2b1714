import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allNodes, commandTree } from '../../../src/cli/completion/command-tree.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const isInstalled = (shell: Shell) => spawnSync(shell, ['--version']).status === 0;

let directory: string;
const script = (shell: Shell) => join(directory, `completion.${shell}`);

beforeAll(async () => {
  directory = await makeTestDirectory('completion');
  for (const shell of SHELLS) {
    const { exitCode, stdout } = await loginEtl({}, ['completion', shell]);
    expect(exitCode).toBe(0);
    writeFileSync(script(shell), stdout);
  }
  mkdirSync(join(directory, 'files', 'a-directory'), { recursive: true });
  writeFileSync(join(directory, 'files', 'a file.jsonl'), '');
});
afterAll(() => directory && rmSync(directory, { recursive: true, force: true }));

/** In zsh the functions that show what was found are replaced by ones that print it. */
const PROGRAMS: Record<Shell, string> = {
  bash: `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _login_etl; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: `compdef() { :; }; source "$1"; shift
    _describe() { local each; for each in \${(P)2}; do [[ $each == $cur* ]] && print -r -- \${each%%:*}; done; return 0; }
    compadd() { shift; print -rl -- "$@"; }
    _files() { [[ $1 == -/ ]] && print -rl -- *(/N) || print -rl -- *(N); }
    words=("$@"); CURRENT=$#; _login_etl`,
  fish: `source $argv[1]; complete -C (string join -- ' ' $argv[2..-1])`,
};

function complete(shell: Shell, ...words: string[]): string[] {
  const args = ['-c', PROGRAMS[shell], ...(shell === 'fish' ? [] : ['test']), script(shell)];
  const { stdout, stderr } = spawnSync(shell, [...args, 'login-etl', ...words], {
    cwd: join(directory, 'files'),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: directory },
  });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .map((line) => line.split('\t')[0]?.replace(/\/$/, '') ?? '')
    .filter((word) => word !== '')
    .sort();
}

describe.each(SHELLS.filter(isInstalled))('completion in a real %s', (shell) => {
  const at = (...words: string[]) => complete(shell, ...words);

  test('finds every command where it belongs', () => {
    for (const { path, children } of allNodes(commandTree(createProgram()))) {
      if (children.length === 0) continue;
      const names = children.map((child) => child.path.at(-1) ?? '').sort();
      expect(at(...path, '')).toEqual(names);
    }
  });

  test('finds every option where it belongs', () => {
    for (const { path, options } of allNodes(commandTree(createProgram()))) {
      const flags = options.flatMap(({ flags: all }) => all.filter((flag) => flag.length > 2));
      expect(at(...path, '--')).toEqual([...new Set([...flags, '--env-file'])].sort());
    }
  });

  test('finds what an option or an argument can be', () => {
    expect(at('rows', '--format', '')).toEqual(['csv', 'json', 'table']);
    expect(at('completion', '')).toEqual(['bash', 'fish', 'zsh']);
    expect(at('send', '')).toEqual(expect.arrayContaining(['a-directory']));
    expect(at('send', '').join()).toMatch(/a\\? file.jsonl/);
    expect(at('stats', '--html', '').join()).toMatch(/a\\? file.jsonl/);
    expect(at('keys', 'generate', '--out', '')).toEqual(['a-directory']);
    expect(at('rows', '--limit', '')).toEqual([]);
  });

  test('takes the value of an option for no command', () => {
    expect(at('--env-file', 'schedule', 'sched')).toEqual(['schedule']);
    expect(at('schedule', 'pause', '--note', 'resume', '--no')).toContain('--note');
  });
});
