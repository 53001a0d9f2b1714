import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { STOP_SIGNALS } from '../src/stop-signals.ts';
import { expectGone, familyOf } from './local/process/living-processes.ts';
import { custodianEnv } from './support/custodian.ts';
import { type Stack, startStack } from './support/start-stack.ts';
import { makeTestDirectory } from './support/test-directory.ts';

const ROOT = resolve(import.meta.dirname, '..');

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** npm forwards the first of them only. */
const NPM_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL'] as const;

/** The custodian handles signals with the worker's code, so it gets one signal in each way. */
const PROGRAMS = [
  ['worker', 'src/worker.ts', () => stack.env, NPM_SIGNALS, STOP_SIGNALS],
  [
    'custodian',
    'src/custodian.ts',
    () => custodianEnv(stack, stack.env.MASKING_KEYS as string),
    ['SIGKILL'],
    ['SIGTERM'],
  ],
] as const;

/** Starts a program in its own process group, and waits until it runs. */
async function running(
  command: string,
  args: string[],
  env: Readonly<Record<string, string>>,
  ready = 'worker is running',
) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const pid = child.pid as number;
  onTestFinished(async () => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The whole group has ended, as it should.
    }
    await exited;
  });
  await expect.poll(() => output, { timeout: 50_000 }).toContain(ready);
  return { pid, exited, output: () => output };
}

describe.each(PROGRAMS)('%s', (name, script, env, npmSignals, stopSignals) => {
  test.each(npmSignals)(
    '%s to npm ends the program, which first finishes its work',
    async (signal) => {
      const npm = await running('npm', ['run', name], env());
      const family = await familyOf(npm.pid);
      expect(family.length).toBeGreaterThan(1);
      process.kill(npm.pid, signal);
      await npm.exited;
      await expectGone(family);
      await expect.poll(npm.output).toContain('worker has stopped');
    },
  );

  test.each(stopSignals)(
    '%s ends it with exit code 0, after its work is finished',
    async (signal) => {
      const program = await running('nohup', [process.execPath, script], env());
      process.kill(program.pid, signal);
      expect(await program.exited, program.output()).toEqual([0, null]);
      expect(program.output()).toContain('worker has stopped');
    },
  );
});

test.each(['SIGTERM', 'SIGKILL'] as const)('%s to npx ends a running command', async (signal) => {
  const npx = await running('npx', ['login-etl', 'status', '--watch'], stack.env, 'login-etl');
  const family = await familyOf(npx.pid);
  expect(family.length).toBeGreaterThan(1);
  process.kill(npx.pid, signal);
  await npx.exited;
  await expectGone(family);
});

test.runIf(process.platform === 'linux')(
  'a worker whose terminal is closed finishes its work',
  async () => {
    const directory = await makeTestDirectory('terminal');
    onTestFinished(() => rm(directory, { recursive: true }));
    const status = join(directory, 'status');
    // Its parent and its log end with the terminal, so it writes its exit code to a file.
    const noteExitCode = `import { writeFileSync } from 'node:fs';
    process.on('exit', (code) => writeFileSync('${status}', String(code)));`;
    const terminal = await running(
      'script',
      ['-qfc', `exec ${process.execPath} src/worker.ts`, '/dev/null'],
      {
        ...stack.env,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(noteExitCode)}`,
      },
    );
    const family = await familyOf(terminal.pid);
    process.kill(terminal.pid, 'SIGKILL');
    await expectGone(family);
    expect(await readFile(status, 'utf8')).toBe('0');
  },
);
