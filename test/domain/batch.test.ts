import { expect, test } from 'vitest';
import { noRows, toInsertRequest, toRefusedRequest } from '../../src/domain/batch.ts';
import { maskBodies } from '../../src/domain/mask-batch.ts';
import { sha256Masker } from '../../src/domain/masking.ts';
import { loginMessage } from '../stack/login-messages.ts';

const tag = { runId: 'run', workflowId: 'workflow', startedAtMs: 5, number: 3 };
const batch = {
  messageIds: ['a', 'b', 'c', 'd', 'e'],
  sentAtMs: [1, 2, 3, 4, 5],
  bodies: ['bad', loginMessage(1), loginMessage(2), '[]', loginMessage(3)],
};
const masked = maskBodies(batch.bodies, sha256Masker);

test('the good messages are inserted, the others are quarantined with their reasons and bodies', () => {
  const request = toInsertRequest(tag, batch, masked);
  expect(request).toEqual({
    batch: tag,
    messageIds: ['b', 'c', 'e'],
    sentAtMs: [2, 3, 5],
    rows: masked.rows,
    maskKeyId: 'sha256',
    quarantine: {
      messageIds: ['a', 'd'],
      sentAtMs: [1, 4],
      reasons: ['message: is not JSON', 'message: is not a JSON object'],
      bodies: ['bad', '[]'],
    },
  });
  expect(request.rows.userIds).toEqual(['user-1', 'user-2', 'user-3']);
});

test('without a bad message nothing is quarantined', () => {
  const good = { messageIds: ['a'], sentAtMs: [1], bodies: [loginMessage(1)] };
  const request = toInsertRequest(tag, good, maskBodies(good.bodies, sha256Masker));
  expect(request.messageIds).toEqual(['a']);
  expect(Object.values(request.quarantine).flat()).toEqual([]);
});

test('rows that Postgres refused are quarantined by their place among the rows, with their own bodies', () => {
  const refused = [
    { index: 0, reason: 'first' },
    { index: 2, reason: 'last' },
  ];
  expect(toRefusedRequest(tag, batch, masked, refused)).toEqual({
    batch: tag,
    messageIds: [],
    sentAtMs: [],
    rows: noRows(),
    maskKeyId: 'sha256',
    quarantine: {
      messageIds: ['b', 'e'],
      sentAtMs: [2, 5],
      reasons: ['first', 'last'],
      bodies: [batch.bodies[1], batch.bodies[4]],
    },
  });
});
