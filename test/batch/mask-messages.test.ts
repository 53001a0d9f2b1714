import { expect, test } from 'vitest';
import { bodiesMasker } from '../../src/batch/mask-messages.ts';
import { hmacMasker, sha256Masker } from '../../src/domain/login/masking.ts';
import { loginMessage, smallBadMessages } from '../support/data/login-messages.ts';
import { maskBodies } from '../support/data/mask-bodies.ts';

const masker = hmacMasker({ id: 'k1', secret: Buffer.alloc(32, 7) });

test('rows keep the order of the good messages, and the bad ones are named by their place', () => {
  const masked = maskBodies(['nonsense', loginMessage(1), '[]', loginMessage(2)], masker);
  expect(masked).toEqual({
    rows: {
      userIds: ['user-1', 'user-2'],
      deviceTypes: ['android', 'android'],
      maskedIps: [masker.mask('ip', '10.0.0.1'), masker.mask('ip', '10.0.0.2')],
      maskedDeviceIds: [masker.mask('device_id', 'device-1'), masker.mask('device_id', 'device-2')],
      locales: ['RU', 'RU'],
      appVersions: ['2.3.0', '2.3.0'],
    },
    originals: { ips: ['10.0.0.1', '10.0.0.2'], deviceIds: ['device-1', 'device-2'] },
    rejected: [
      { index: 0, reason: 'message: is not JSON' },
      { index: 2, reason: 'message: is not a JSON object' },
    ],
    maskKeyId: 'k1',
  });
});

test('a bad message of every kind leaves the good ones between them as they are', () => {
  const bad = smallBadMessages(3).map(({ body }) => body);
  const { rows, rejected } = maskBodies(
    bad.flatMap((body, index) => [body, loginMessage(index)]),
    masker,
  );
  expect(rows.userIds).toEqual(bad.map((_, index) => `user-${index}`));
  expect(rejected.map(({ index }) => index)).toEqual(bad.map((_, index) => index * 2));
});

test('a batch that is masked in slices is the same as one that is masked at once', () => {
  const bodies = [...smallBadMessages(3).map(({ body }) => body), loginMessage(1), 'nonsense'];
  const { masked, add } = bodiesMasker(masker);
  for (const body of bodies) add([body]);
  expect(masked).toEqual(maskBodies(bodies, masker));
});

test('one address has one masked value, however it is written', () => {
  const ways = ['1.2.3.4', '::ffff:1.2.3.4', '::ffff:102:304'];
  const { rows } = maskBodies(
    ways.map((ip) => loginMessage(1, { ip })),
    sha256Masker,
  );
  expect(new Set(rows.maskedIps)).toEqual(new Set([sha256Masker.mask('ip', '1.2.3.4')]));
});

test('a locale that is null or absent is null in the row', () => {
  const bodies = [loginMessage(1, { locale: null }), loginMessage(2, { locale: undefined })];
  expect(maskBodies(bodies, masker).rows.locales).toEqual([null, null]);
});

test('an empty batch has no rows', () => {
  const { rows, rejected } = maskBodies([], masker);
  expect(rejected).toEqual([]);
  expect(Object.values(rows).flat()).toEqual([]);
});
