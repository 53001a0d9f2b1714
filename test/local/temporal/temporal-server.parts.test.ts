import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { beforeAll, expect, onTestFinished, test } from 'vitest';

import { freePort } from '../../../src/local/ports/free-port.ts';
import { findTemporalBinary } from '../../../src/local/temporal/temporal-binary.ts';
import {
  startTemporalServer,
  type TemporalServerOptions,
} from '../../../src/local/temporal/temporal-server.ts';
import { expectGone, familyOf } from '../process/living-processes.ts';
import { writeProgram } from '../process/program.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const timeout = 60_000;
let binary: string;

beforeAll(async () => {
  binary = await findTemporalBinary({ env: process.env });
}, 900_000);

async function started(options: Partial<TemporalServerOptions> = {}) {
  const server = await startTemporalServer({ binary, ...options });
  onTestFinished(() => server.kill());
  return server;
}

async function clientOf(address: string): Promise<Client> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

test('the server answers on loopback with its Web UI, and stops within its bound', {
  timeout,
}, async () => {
  const logFile = join(await temporaryDirectory(), 'temporal.log');
  const server = await started({ uiPort: await freePort(), logFile });
  expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
  const page = await fetch(String(server.uiAddress));
  expect(await page.text()).toContain('<html');
  const { connection } = await clientOf(server.address);
  const described = await connection.workflowService.describeNamespace({ namespace: 'default' });
  expect(described.namespaceInfo?.name).toBe('default');

  const family = await familyOf(server.pid);
  const stoppingAt = Date.now();
  await Promise.all([server.stop(), server.stop()]);
  expect(Date.now() - stoppingAt).toBeLessThan(7_000);
  await expectGone(family);
});

test('a database file keeps histories over a restart, also after a kill', { timeout }, async () => {
  const databaseFile = join(await temporaryDirectory(), 'temporal.db');
  const first = await started({ databaseFile });
  const client = await clientOf(first.address);
  await client.workflow.start('anything', { taskQueue: 'nobody-listens', workflowId: 'kept' });
  await first.kill();
  await expectGone([first.pid]);

  const second = await started({ databaseFile });
  const again = await clientOf(second.address);
  const { type } = await again.workflow.getHandle('kept').describe();
  expect(type).toBe('anything');
});

test('search attributes and dynamic settings reach the server', { timeout }, async () => {
  const server = await started({
    searchAttributes: { QueueName: 'Keyword' },
    dynamicConfig: { 'limit.maxIDLength': 40 },
  });
  const client = await clientOf(server.address);
  const run = {
    taskQueue: 'nobody-listens',
    searchAttributes: { QueueName: ['login-queue'] },
  };
  const tooLong = client.workflow.start('anything', { ...run, workflowId: 'x'.repeat(41) });
  await expect(tooLong).rejects.toThrow();
  const handle = await client.workflow.start('anything', { ...run, workflowId: 'x'.repeat(40) });
  expect((await handle.describe()).searchAttributes.QueueName).toEqual(['login-queue']);
});

test('a port that is taken is an error that names it', { timeout }, async () => {
  const port = await freePort();
  const other = createServer();
  onTestFinished(() => void other.close());
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  await expect(startTemporalServer({ binary, port })).rejects.toThrow(`Port ${port} is taken`);
  await expect(startTemporalServer({ binary, uiPort: port })).rejects.toThrow(
    `Port ${port} (Temporal Web UI) is taken`,
  );
});

test('a server that ends while starting is reported with its last words', { timeout }, async () => {
  const broken = await writeProgram(
    join(await temporaryDirectory(), 'temporal'),
    'echo "unable to open database file" >&2',
    'exit 3',
  );
  await expect(startTemporalServer({ binary: broken })).rejects.toThrow(
    /ended while starting \(exit code 3\).*\n.*unable to open database file/,
  );
});

test('a port that another program took meanwhile is replaced, also where a stack hides the reason', {
  timeout,
}, async () => {
  const attempts = join(await temporaryDirectory(), 'attempts');
  const panics = await writeProgram(
    join(await temporaryDirectory(), 'temporal'),
    `echo attempt >> ${attempts}`,
    'echo "panic: failed assigning ephemeral port: address already in use" >&2',
    'for line in $(seq 40); do echo "main.go:$line" >&2; done',
    'exit 2',
  );
  await expect(startTemporalServer({ binary: panics })).rejects.toThrow('ended while starting');
  expect((await readFile(attempts, 'utf8')).trim().split('\n').length).toBeGreaterThan(1);
});

test('an abort in the middle of starting leaves no process behind', { timeout }, async () => {
  const pidFile = join(await temporaryDirectory(), 'pid');
  const slow = await writeProgram(
    join(await temporaryDirectory(), 'temporal'),
    `echo $$ > ${pidFile}`,
    'exec sleep 600',
  );
  const abort = new AbortController();
  const start = startTemporalServer({ binary: slow, signal: abort.signal });
  const outcome = expect(start).rejects.toThrow('Ctrl-C');
  await expect.poll(() => pidIn(pidFile)).toBeGreaterThan(0);
  abort.abort(new Error('Ctrl-C'));
  await outcome;
  await expectGone([await pidIn(pidFile)]);
});

async function pidIn(file: string): Promise<number> {
  return Number(await readFile(file, 'utf8').catch(() => '0'));
}
