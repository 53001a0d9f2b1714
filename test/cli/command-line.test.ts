import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { loginEtl } from './login-etl.ts';

describe('login-etl', () => {
  test('--version is that of the package', async () => {
    const { exitCode, stdout } = await loginEtl({}, ['--version']);
    expect([exitCode, stdout.trim()]).toEqual([0, manifest.version]);
  });

  test('without a command it shows its help on standard error, and ends with 2', async () => {
    const { exitCode, stdout, stderr } = await loginEtl({}, []);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Commands:');
  });

  test('settings that are missing are all listed, in three parts', async () => {
    const { exitCode, stdout, stderr } = await loginEtl({}, ['run']);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/error: the configuration is not complete\n {2}why: .*PAYLOAD_KEYS/);
    expect(stderr).toContain('what to do: ');
  });

  test('a command asks for the settings that it needs, and for no others', async () => {
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

  test.each([
    'send',
    'peek',
    'run',
    'schedule create',
    'schedule describe',
    'schedule pause',
    'schedule resume',
    'schedule trigger',
    'schedule delete',
    'migrate',
    'keys generate',
    'reconcile',
    'reveal',
    'find',
    'quarantine list',
    'quarantine show',
    'quarantine edit',
    'quarantine replay',
    'quarantine discard',
    'erase',
    'doctor',
  ])('%s has help with examples and the exit codes', async (command) => {
    expect(await exitCodeOf([...command.split(' '), '--help'])).toBe(0);
    expect(written.stdout).toContain('Examples:');
    expect(written.stdout).toContain(`  login-etl ${command}`);
    expect(written.stdout).toContain('Exit codes:');
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
    [['schedule', 'create', '--every', 'often']],
    [['schedule', 'create', '--every', '0s']],
    [['schedule', 'create', '--every', '1m', '--cron', '* * * * *']],
    [['schedule', 'create', '--catchup-window', '1s']],
    [['schedule', 'create', '--input', '{"maxMessages": 0}']],
  ])('that makes no sense ends with 2, before anything is touched: %j', async (args) => {
    expect(await exitCodeOf(args)).toBe(2);
    expect(written.stdout).toBe('');
    expect(written.stderr).not.toBe('');
  });
});
