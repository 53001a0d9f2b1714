import { test } from 'vitest';
import { emptyDirectory, expectStops, npmStart } from '../../local/npm-start.ts';

test('SIGINT to npm start when the worker starts stops all servers, within 10 seconds', async () => {
  const start = npmStart(await emptyDirectory());
  await start.says('✓ Worker');
  await expectStops(start, 'SIGINT');
});
