import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { removePostgresData } from '../../../src/local/postgres/postgres-server.ts';
import { npmStart } from '../../local/npm-start.ts';
import { expectGone, familyOf } from '../../local/process/living-processes.ts';
import { temporaryDirectory } from '../../local/temporary-directory.ts';

const STOPS_WITHIN_MS = 10_000;

test('SIGINT to npm start when the worker starts stops all servers, within 10 seconds', async () => {
  const directory = await temporaryDirectory();
  onTestFinished(() => removePostgresData(join(directory, '.local', 'postgres')));
  const start = npmStart(directory);
  await start.says('✓ Worker');
  const family = await familyOf(start.pid);
  const asked = performance.now();
  start.kill('SIGINT');
  await start.ended;
  expect(performance.now() - asked).toBeLessThan(STOPS_WITHIN_MS);
  await expectGone(family);
});
