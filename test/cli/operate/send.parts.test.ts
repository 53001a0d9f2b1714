import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { receiveBatch } from '../../../src/queue/receive-batch.ts';
import { startTestQueue, type TestQueue } from '../../support/servers/test-queue.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';
import { queueEnvironment } from '../queue-environment.ts';

let queue: TestQueue;
let directory: string;
let env: Record<string, string>;

beforeAll(async () => {
  queue = await startTestQueue();
  env = queueEnvironment(queue);
  directory = await makeTestDirectory('send');
});
beforeEach(() => queue.purge());
afterAll(async () => {
  await queue?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function sentBodies(): Promise<string[]> {
  const bounds = { maxMessages: 1_000, maxBytes: 10_000_000 };
  const { messages } = await receiveBatch(queue.queue, bounds);
  return messages.map(({ body }) => body).sort();
}

async function file(content: string | Buffer): Promise<string> {
  const path = join(directory, 'messages.jsonl');
  await writeFile(path, content);
  return path;
}

describe('send', () => {
  test('sends each non-empty line unchanged', async () => {
    const lines = ['{"a": 1}', 'no JSON at all', '  {"b":\u2028 2}\u2029 ', '\uFEFF{}', 'lone\rCR'];
    const path = await file(`${lines[0]}\n\n${lines[1]}\r\n\r\n${lines.slice(2).join('\n')}`);
    const result = await loginEtl(env, ['send', path, '--json']);
    expect(result.exitCode).toBe(0);
    expect(jsonOf(result)).toMatchObject({ sent: 5 });
    expect(await sentBodies()).toEqual(lines.toSorted());
  });

  test('reads standard input for -, and says how many there were and how fast', async () => {
    const stdin = Array.from({ length: 25 }, (_, at) => `{"n": ${at}}\n`).join('');
    const { exitCode, stdout, stderr } = await loginEtl(env, ['send', '-'], { stdin });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^sent 25 message\(s\) in \d+\.\d s \(\d+\/s\)\n$/);
    expect(await sentBodies()).toHaveLength(25);
  });

  test('sends the file as often as --repeat says', async () => {
    const result = await loginEtl(env, [
      'send',
      await file('{"a":1}\n{"b":2}\n'),
      '--repeat',
      '30',
    ]);
    expect(result.stdout).toContain('sent 60 message(s)');
    expect((await queue.depth()).visible).toBe(60);
  });

  test('sends a line in pieces across chunks of the file as one', async () => {
    const long = 'é'.repeat(200_000);
    await loginEtl(env, ['send', await file(`short\n${long}\nlast`)]);
    expect(await sentBodies()).toEqual(['last', 'short', long]);
  });

  test('names the line that is too long for SQS, and says how many were sent', async () => {
    const path = await file(`${'{"a":1}\n'.repeat(30)}${'x'.repeat(1_048_577)}\n`);
    const { exitCode, stderr } = await loginEtl(env, ['send', path]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('line 31 cannot be sent, and at least 30 message(s) were sent');
    expect(stderr).not.toContain('xxx');
  });

  test('names a file that it cannot read', async () => {
    const { exitCode, stderr } = await loginEtl(env, ['send', 'nowhere.jsonl']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('nowhere.jsonl (ENOENT)');
  });

  test.each([
    ['SQS_QUEUE_NAME', async () => ({ SQS_QUEUE_NAME: 'another' })],
    [
      'AWS_ENDPOINT_URL_SQS',
      async () => ({ AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${await freePort()}` }),
    ],
  ])('names %s when the queue cannot be used', async (setting, changes) => {
    const { exitCode, stderr } = await loginEtl({ ...env, ...(await changes()) }, [
      'send',
      await file('a'),
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: the queue \S+ in region us-east-1 at \S+ cannot be used$/m);
    expect(stderr).toContain(setting);
  });
});
