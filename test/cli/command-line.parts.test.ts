import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { allNodes, commandTree } from '../../src/cli/completion/command-tree.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { loginEtl } from './login-etl.ts';

describe('login-etl', () => {
  test('--version prints the version of the package', async () => {
    const { exitCode, stdout } = await loginEtl({}, ['--version']);
    expect([exitCode, stdout.trim()]).toEqual([0, manifest.version]);
  });

  test('without a command it prints its help on standard error, and exits with 2', async () => {
    const { exitCode, stdout, stderr } = await loginEtl({}, []);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Commands:');
  });

  test('all missing settings are listed, in three parts', async () => {
    const { exitCode, stdout, stderr } = await loginEtl({}, ['run']);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/error: the configuration is not complete\n {2}why: .*PAYLOAD_KEYS/);
    expect(stderr).toContain('what to do: ');
  });

  test('a command needs only its own settings', async () => {
    const { stderr } = await loginEtl({}, ['migrate']);
    expect(stderr).toContain('DATABASE_URL');
    expect(stderr).not.toContain('AWS_REGION');
    expect(stderr).not.toContain('PAYLOAD_KEYS');
  });
});

describe('the command line', () => {
  const written = { stdout: '', stderr: '' };

  beforeEach(() => {
    for (const name of ['stdout', 'stderr'] as const) {
      written[name] = '';
      vi.spyOn(process[name], 'write').mockImplementation((text) => {
        written[name] += String(text);
        return true;
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = 0;
  });
  const exitCodeOf = (args: readonly string[]) => runCommandLine(['node', 'login-etl', ...args]);

  const leaves = allNodes(commandTree(createProgram())).filter(
    ({ children }) => children.length === 0,
  );

  test.each(leaves.map(({ path }) => path.join(' ')))(
    '%s has help with examples and the exit codes',
    async (command) => {
      expect(await exitCodeOf([...command.split(' '), '--help'])).toBe(0);
      expect(written.stdout).toContain('Examples:');
      // A command that its group does by default is shown as people type it.
      expect(written.stdout).toMatch(new RegExp(`  .*login-etl ${command.replace(' list', '')}`));
      expect(written.stdout).toContain('Exit codes:');
    },
  );

  test('a former name of a command works, and is not shown', async () => {
    expect(await exitCodeOf(['rotate', 'start', '--help'])).toBe(0);
    expect(written.stdout).toMatch(/^Usage: login-etl remask start /);
    written.stdout = '';
    await exitCodeOf(['--help']);
    await exitCodeOf(['remask', '--help']);
    expect(written.stdout).toMatch(/^ {2}remask {2}/m);
    expect(written.stdout).not.toMatch(/\|rotate|^ {2}rotate/m);
  });

  test('the two steps of a rotation name each other', async () => {
    for (const [step, other] of [
      ['keys rotate', 'remask start'],
      ['remask start', 'keys rotate masking'],
    ] as const) {
      written.stdout = '';
      await exitCodeOf([...step.split(' '), '--help']);
      expect(written.stdout).toContain(`login-etl ${other}`);
    }
  });

  test('everything that prints data prints it as JSON too', () => {
    const without = leaves.filter(
      ({ options }) => !options.some(({ flags }) => flags.includes('--json')),
    );
    // Servers, and what is printed for shells.
    expect(without.map(({ path }) => path.join(' ')).sort()).toEqual([
      'api',
      'codec-server',
      'completion',
      'custodian-worker',
    ]);
  });

  test('a usage error has three parts', async () => {
    expect(await exitCodeOf(['run', '--lane', '2'])).toBe(2);
    expect(written.stderr).toMatch(
      /^error: the command line is not valid\n {2}why: unknown option '--lane' .*--lanes.*\n {2}what to do: .*--help.*\n$/,
    );
  });

  test('a mistyped subcommand of a group with a default is named, with a suggestion', async () => {
    expect(await exitCodeOf(['runs', 'shw', 'x'])).toBe(2);
    expect(written.stderr).toMatch(/why: unknown command 'shw' \(Did you mean show\?\)/);
  });

  test.each([
    [['bogus']],
    [['send']],
    [['send', '-', '--repeat', '2']],
    [['keys']],
    [['keys', 'generate']],
    [['run', '--lanes', '0']],
    [['run', '--input', 'nope']],
    [['run', '--input', '[1]']],
    [['run', '--input', '{"lane": 1}']],
    [['run', '--follow', 'x', '--detach']],
    [['run', '--follow', 'x', '--lanes', '2']],
    [['peek', '--messages', '11']],
    [['status', '--watch', '0']],
    [['status', '--watch', '--look']],
    [['rows', '--limit', '0']],
    [['rows', '--format', 'xml']],
    [['rows', '--since', 'yesterday']],
    [['stats', '--top', '0']],
    [['runs', 'show']],
    [['pause', '--timeout', 'soon']],
    [['completion']],
    [['completion', 'powershell']],
    [['schedule', 'create', '--every', 'often']],
    [['schedule', 'create', '--every', '0s']],
    [['schedule', 'create', '--every', '1m', '--cron', '* * * * *']],
    [['schedule', 'create', '--catchup-window', '1s']],
    [['schedule', 'create', '--input', '{"maxMessages": 0}']],
  ])(
    'an invalid command line exits with 2, before anything is read or changed: %j',
    async (args) => {
      expect(await exitCodeOf(args)).toBe(2);
      expect(written.stdout).toBe('');
      expect(written.stderr).not.toBe('');
    },
  );
});
