import { expect, test } from 'vitest';
import { splitBatch, splitOffRefused } from '../../src/batch/batch.ts';
import { noOriginals, noRows } from '../../src/domain/login/login-rows.ts';
import { sha256Masker } from '../../src/domain/login/masking.ts';
import { loginMessage } from '../support/data/login-messages.ts';
import { maskBodies } from '../support/data/mask-bodies.ts';

const ids = { messageIds: ['a', 'b', 'c', 'd', 'e'], sentAtMs: [1, 2, 3, 4, 5] };
const bodies = ['bad', loginMessage(1), loginMessage(2), '[]', loginMessage(3)];
const masked = maskBodies(bodies, sha256Masker);

test('the good messages are inserted, the others are quarantined with their reasons and bodies', () => {
  const division = splitBatch({ ids, masked, bodies });
  expect(division).toEqual({
    messageIds: ['b', 'c', 'e'],
    sentAtMs: [2, 3, 5],
    rows: masked.rows,
    originals: masked.originals,
    maskKeyId: 'sha256',
    quarantine: {
      messageIds: ['a', 'd'],
      sentAtMs: [1, 4],
      reasons: ['message: is not JSON', 'message: is not a JSON object'],
      faults: [undefined, undefined],
      bodies: ['bad', '[]'],
    },
  });
  expect(division.rows.userIds).toEqual(['user-1', 'user-2', 'user-3']);
});

test('without a bad message nothing is quarantined', () => {
  const good = { messageIds: ['a'], sentAtMs: [1] };
  // Then the bodies are not sent along.
  const division = splitBatch({
    ids: good,
    masked: maskBodies([loginMessage(1)], sha256Masker),
    bodies: [],
  });
  expect(division.messageIds).toEqual(['a']);
  expect(Object.values(division.quarantine).flat()).toEqual([]);
});

test('rows that Postgres refused are quarantined by their place among the rows, with their own bodies', () => {
  const refused = [
    { index: 0, reason: 'first' },
    { index: 2, reason: 'last' },
  ];
  expect(splitOffRefused({ ids, masked, bodies }, refused)).toEqual({
    messageIds: [],
    sentAtMs: [],
    rows: noRows(),
    originals: noOriginals(),
    maskKeyId: 'sha256',
    quarantine: {
      messageIds: ['b', 'e'],
      sentAtMs: [2, 5],
      reasons: ['first', 'last'],
      faults: [undefined, undefined],
      bodies: [bodies[1], bodies[4]],
    },
  });
});
