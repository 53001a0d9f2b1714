import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { withNewKey } from '../../../src/crypto/keys/add-key.ts';
import {
  activeKey,
  type Keyring,
  parseKeyring,
  withAddedKeys,
} from '../../../src/crypto/keys/keyring.ts';
import { payloadCodec } from '../../../src/crypto/payloads/payload-codec.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { testKeyring } from './test-keyring.ts';

afterEach(() => vi.useRealTimers());

test('a payload whose key was added to PAYLOAD_KEYS_FILE opens without a restart', async () => {
  const directory = await makeTestDirectory('added-keys');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const PAYLOAD_KEYS_FILE = join(directory, 'payload-keys.json');
  const first = JSON.parse(withNewKey({}, 'payload', 'first')).keys;
  await writeFile(PAYLOAD_KEYS_FILE, withNewKey({}, 'payload', 'first'));
  const { keys } = loadConfig(['payloads'], { PAYLOAD_KEYS_FILE }).payloads;
  const used: boolean[] = [];
  const codec = payloadCodec(keys, { onDecrypt: ({ keyId }) => used.push(keys.keys.has(keyId)) });

  const rotated = withNewKey(first, 'payload', 'second');
  const newer = parseKeyring(rotated) as Keyring;
  const payload = defaultPayloadConverter.toPayload('value');
  const [sealed] = await payloadCodec(newer).encode([payload]);
  await writeFile(PAYLOAD_KEYS_FILE, rotated);
  const [opened] = await codec.decode([sealed ?? {}]);
  expect(defaultPayloadConverter.fromPayload(opened ?? {})).toBe('value');
  // A use that is not noted would let the key be removed too early.
  expect(used).toEqual([true]);
  expect(keys.activeId).toBe('first');
});

test('payloads with unknown keys make the file be read once in five seconds', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const file = testKeyring('first', 'second');
  const read = vi.fn(() => file);
  const keyring = withAddedKeys(testKeyring('first'), read);
  for (const id of ['unknown', 'another', 'unknown'])
    expect(keyring.findAdded?.(id)).toBe(undefined);
  expect(read).toHaveBeenCalledTimes(1);
  expect(keyring.findAdded?.('second')).toBe(file.keys.get('second'));
  vi.advanceTimersByTime(5_001);
  expect(keyring.findAdded?.('unknown')).toBe(undefined);
  expect(read).toHaveBeenCalledTimes(2);
});

test('a known id keeps its key, whatever the file has', () => {
  const known = testKeyring('first');
  const keyring = withAddedKeys(known, () => testKeyring('second', 'first'));
  keyring.findAdded?.('second');
  expect(keyring.keys.get('first')).toBe(activeKey(known).key);
  expect(activeKey(keyring)).toEqual(activeKey(known));
});
