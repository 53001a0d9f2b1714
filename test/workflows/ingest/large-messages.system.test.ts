import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { openBody, parseVaultPrivateKey } from '../../../src/crypto/vault/vault-opener.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessage, loginMessages, MAX_SQS_BYTES } from '../../support/data/login-messages.ts';
import { runHistories } from '../../support/run-history.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
afterAll(() => stack?.stop());

test('messages of one MiB end in quarantine as they were sent, and no history grows beyond 10 MiB', async () => {
  const overhead = Buffer.byteLength(loginMessage(0, { padding: '' }));
  const large = [
    ...Array.from({ length: 6 }, () => incompressible(MAX_SQS_BYTES)),
    // Where UTF-8 and JSON make the most of each character.
    '"'.repeat(MAX_SQS_BYTES),
    'é'.repeat(MAX_SQS_BYTES / 2),
    loginMessage(0, { padding: 'x'.repeat(MAX_SQS_BYTES - overhead) }),
  ];
  await stack.send([...loginMessages(50), ...large, ...loginMessages(50)]);

  const handle = await stack.start();
  expect(await handle.result()).toMatchObject({
    received: 100 + large.length,
    inserted: 100,
    quarantined: large.length,
    acknowledged: 100 + large.length,
  });

  const privateKey = parseVaultPrivateKey(stack.keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '');
  const opened = await Promise.all(
    (await stack.quarantine()).map((row) => openBody(row.sealed_body, privateKey, row.message_id)),
  );
  expect(opened.sort().map(shortened)).toEqual(large.sort().map(shortened));
  expect(opened.every((text, index) => text === large[index])).toBe(true);

  for (const run of await runHistories(
    stack.client,
    handle.workflowId,
    handle.firstExecutionRunId,
  )) {
    expect(run.bytes).toBeLessThan(10 * 1024 * 1024);
    expect(run.events.length).toBeLessThan(5_000);
  }
});

/** So that a failure can be read. */
const shortened = (text: string) => `${text.slice(0, 20)}… (${text.length})`;
