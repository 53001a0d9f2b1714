import { startPostgresServer } from '../../../src/local/postgres/postgres-server.ts';
import { startProcess } from '../../../src/local/process/child-process.ts';

// A program for tests that kill it: starts something, says its process id, and waits for ever.
const [what, argument = ''] = process.argv.slice(2);

if (what === 'postgres') {
  const server = await startPostgresServer({ dataDirectory: argument, settings: { fsync: 'off' } });
  process.stdout.write(`${server.pid()}\n`);
} else {
  const child = await startProcess({ name: 'sleep', command: 'sleep', args: ['600'] });
  process.stdout.write(`${child.pid}\n`);
}
setInterval(() => {}, 60_000);
