import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { type ProcessOptions, startProcess } from '../../../src/local/process/child-process.ts';
import { runToCompletion } from '../../../src/local/process/run-to-completion.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { lingeringProgram } from './lingering-program.ts';
import { expectGone, familyOf } from './living-processes.ts';

function shell(script: string, more: Partial<ProcessOptions> = {}): ProcessOptions {
  return { name: 'The script', command: '/bin/sh', args: ['-c', script], ...more };
}

async function started(options: ProcessOptions) {
  const running = await startProcess(options);
  onTestFinished(() => running.kill());
  return running;
}

async function logSays(logFile: string, text: string): Promise<void> {
  await expect.poll(() => readFile(logFile, 'utf8')).toContain(text);
}

test('a program that is not there is an error that names it', async () => {
  const start = startProcess({ name: 'PostgreSQL', command: '/no/such/program', args: [] });
  await expect(start).rejects.toThrow(/PostgreSQL could not be started \(\/no\/such\/program\)/);
});

test('stopping ends the process and what it started, any number of times', async () => {
  const running = await started(shell('sleep 600 & sleep 600 & wait'));
  await expect.poll(() => familyOf(running.pid)).toHaveLength(3);
  const family = await familyOf(running.pid);
  await Promise.all([running.stop(), running.stop()]);
  expect(running.hasExited()).toBe(true);
  expect(await running.exited).toEqual({ code: null, signal: 'SIGTERM' });
  await running.stop();
  await running.kill();
  await expectGone(family);
});

test('a process that ignores the polite signals is killed when their time is over', async () => {
  const logFile = join(await temporaryDirectory(), 'log');
  const running = await started(
    shell('trap "" TERM; echo ready; while :; do sleep 600; done', {
      logFile,
      stopSteps: [{ signal: 'SIGTERM', waitMs: 200 }],
    }),
  );
  await logSays(logFile, 'ready');
  const family = await familyOf(running.pid);
  const startedAt = Date.now();
  await running.stop();
  expect(Date.now() - startedAt).toBeLessThan(2_000);
  expect((await running.exited).signal).toBe('SIGKILL');
  await expectGone(family);
});

test('the signals are tried in their order', async () => {
  const logFile = join(await temporaryDirectory(), 'log');
  const running = await started(
    shell(
      'trap "echo int" INT; trap "echo quit; exit 3" QUIT; echo ready; while :; do sleep 0.02; done',
      {
        logFile,
        stopSteps: [
          { signal: 'SIGINT', waitMs: 300 },
          { signal: 'SIGQUIT', waitMs: 5_000 },
        ],
      },
    ),
  );
  await logSays(logFile, 'ready');
  await running.stop();
  expect(await readFile(logFile, 'utf8')).toMatch(/^ready\nint\n/);
  expect(running.lastLines(1)).toBe('quit');
});

test('the last lines are those of this run, from memory or from the log file', async () => {
  const logFile = join(await temporaryDirectory(), 'logs', 'server.log');
  await (await started(shell('echo earlier', { logFile }))).exited;
  const script = 'echo one; echo two; echo three';
  for (const options of [shell(script), shell(script, { logFile })]) {
    const running = await started(options);
    await running.exited;
    expect(running.lastLines()).toBe('one\ntwo\nthree');
    expect(running.lastLines(1)).toBe('three');
  }
  expect(await readFile(logFile, 'utf8')).toBe('earlier\none\ntwo\nthree\n');
});

test('child processes end when their parent is killed', async () => {
  const { program, startedPid } = await lingeringProgram('sleep');
  program.kill('SIGKILL');
  await expectGone([startedPid]);
});

test('a run that fails is an error with its last lines', async () => {
  const run = runToCompletion(shell('echo no disk space left >&2; exit 3'));
  await expect(run).rejects.toThrow('The script failed (exit code 3):\nno disk space left');
});

test('a run that takes too long is killed with all it started', async () => {
  const pidFile = join(await temporaryDirectory(), 'pid');
  const script = `sleep 600 & echo $! > ${pidFile}; wait`;
  const run = runToCompletion({ ...shell(script), timeoutMs: 500 });
  await expect(run).rejects.toThrow('The script did not end within 0.5 s');
  await expectGone([Number(await readFile(pidFile, 'utf8'))]);
});

test('a run that is aborted is killed with all it started', async () => {
  const pidFile = join(await temporaryDirectory(), 'pid');
  await writeFile(pidFile, '');
  const abort = new AbortController();
  const run = runToCompletion({
    ...shell(`sleep 600 & echo $! > ${pidFile}; wait`),
    signal: abort.signal,
  });
  const outcome = expect(run).rejects.toThrow('enough');
  await expect.poll(() => readFile(pidFile, 'utf8')).toMatch(/\d+\n/);
  abort.abort(new Error('enough'));
  await outcome;
  await expectGone([Number(await readFile(pidFile, 'utf8'))]);
});
