import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { buildTemporal } from '../../../src/local/temporal/build-temporal.ts';
import { findTemporalBinary } from '../../../src/local/temporal/temporal-binary.ts';
import { expectGone } from '../process/living-processes.ts';
import { writeProgram } from '../process/program.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

test('building installs the pinned version into the cache and says that it takes minutes', async () => {
  const onPath = await temporaryDirectory();
  const cacheDirectory = await temporaryDirectory();
  const log = join(onPath, 'log');
  await writeProgram(
    join(onPath, 'go'),
    `echo "$@" "os=$GOOS" > ${log}`,
    'printf "#!/bin/sh\\n" > "$GOBIN/temporal" && /bin/chmod +x "$GOBIN/temporal"',
  );
  const said: string[] = [];
  const found = await findTemporalBinary({
    env: { PATH: onPath, GOOS: 'plan9' },
    cacheDirectory,
    waysToObtain: [buildTemporal],
    onProgress: (message) => void said.push(message),
  });
  expect(found).toBe(join(cacheDirectory, 'temporal'));
  expect(await readFile(log, 'utf8')).toBe(
    'install github.com/temporalio/cli/cmd/temporal@v1.5.1 os=\n',
  );
  expect(said[0]).toContain('takes several minutes');
});

test('an aborted build ends with all its compilers and leaves nothing in the cache', async () => {
  const onPath = await temporaryDirectory();
  const cacheDirectory = await temporaryDirectory();
  const pidFile = join(onPath, 'pid');
  await writeProgram(join(onPath, 'go'), `/bin/sleep 600 & echo $! > ${pidFile}`, 'wait');
  const abort = new AbortController();
  const find = findTemporalBinary({
    env: { PATH: onPath },
    cacheDirectory,
    waysToObtain: [buildTemporal],
    signal: abort.signal,
  });
  const outcome = expect(find).rejects.toThrow('Ctrl-C');
  await expect.poll(() => readFile(pidFile, 'utf8').catch(() => '')).toMatch(/\d+\n/);
  abort.abort(new Error('Ctrl-C'));
  await outcome;
  await expectGone([Number(await readFile(pidFile, 'utf8'))]);
  expect(await readdir(cacheDirectory)).toEqual([]);
});
