import { expect, test } from 'vitest';
import {
  AWS_POLICY,
  OWN_POLICY,
  policyForAwsError,
  policyForSqlstate,
  SQLSTATE_POLICY,
} from '../../src/errors/error-policy.ts';

const BY_SQLSTATE = {
  '08': { action: 'wait', for: ['08000', '08003', '08006'] },
  '08P01': { action: 'wait', for: ['08P01'] },
  '0A': { action: 'wait', for: ['0A000'] },
  '22': { action: 'row', for: ['22001', '22021', '22P05'] },
  '23': { action: 'row', for: ['23502', '23505', '23514', '23P01'] },
  '25': { action: 'retry', for: ['25001', '25P02', '25P03'] },
  '25006': { action: 'wait', for: ['25006'] },
  '26000': { action: 'retry', for: ['26000'] },
  '28': { action: 'wait', for: ['28000', '28P01'] },
  '3D000': { action: 'final', for: ['3D000'] },
  '3F000': { action: 'final', for: ['3F000'] },
  '40': { action: 'retry', for: ['40001', '40003', '40P01'] },
  '42': { action: 'final', for: ['42601', '42804'] },
  '42501': { action: 'final', for: ['42501'] },
  '42P01': { action: 'final', for: ['42P01'] },
  '42P05': { action: 'retry', for: ['42P05'] },
  '42703': { action: 'final', for: ['42703'] },
  '42704': { action: 'final', for: ['42704'] },
  '42883': { action: 'final', for: ['42883'] },
  '42P10': { action: 'final', for: ['42P10'] },
  '53': { action: 'wait', for: ['53100', '53200', '53300'] },
  '54': { action: 'row', for: ['54000'] },
  '55': { action: 'retry', for: ['55000', '55006'] },
  '55P03': { action: 'retry', for: ['55P03'] },
  '57': { action: 'wait', for: ['57P01', '57P02', '57P03', '57P05'] },
  '57014': { action: 'retry', for: ['57014'] },
  '58': { action: 'wait', for: ['58030'] },
  F0: { action: 'wait', for: ['F0000'] },
  HV: { action: 'wait', for: ['HV000'] },
  LE001: { action: 'row', for: ['LE001'] },
  LE002: { action: 'wait', for: ['LE002'] },
  P0: { action: 'row', for: ['P0001', 'P0002', 'P0004'] },
  XX: { action: 'wait', for: ['XX000', 'XX001'] },
} as const;

const BY_AWS_NAME = {
  QueueDoesNotExist: 'final',
  'AWS.SimpleQueueService.NonExistentQueue': 'final',
  QueueDeletedRecently: 'final',
  InvalidAddress: 'final',
  AccessDenied: 'final',
  AccessDeniedException: 'final',
  KmsAccessDenied: 'final',
  KmsDisabled: 'final',
  InvalidAttributeName: 'final',
  MalformedSqsAnswer: 'final',
  ExpiredToken: 'wait',
  ExpiredTokenException: 'wait',
  InvalidClientTokenId: 'wait',
  InvalidAccessKeyId: 'wait',
  UnrecognizedClientException: 'wait',
  SignatureDoesNotMatch: 'wait',
  InvalidSignatureException: 'wait',
  IncompleteSignature: 'wait',
  RequestTimeTooSkewed: 'wait',
  RequestExpired: 'wait',
  MissingAuthenticationToken: 'wait',
  CredentialsProviderError: 'wait',
  RequestThrottled: 'retry',
  ThrottlingException: 'retry',
  Throttling: 'retry',
  TooManyRequestsException: 'retry',
  KmsThrottled: 'retry',
  OverLimit: 'wait',
  TimeoutError: 'wait',
  DeletesKeepFailing: 'retry',
} as const;

test('every row of the tables is in this test', () => {
  expect(Object.keys(BY_SQLSTATE).sort()).toEqual(Object.keys(SQLSTATE_POLICY).sort());
  expect(Object.keys(BY_AWS_NAME).sort()).toEqual(Object.keys(AWS_POLICY).sort());
  // test/faults/error-policy.parts.test.ts has the first, test/activities/rotate/remask.parts.test.ts the others, which are a rotation's.
  expect(Object.keys(OWN_POLICY)).toEqual([
    'UnknownPayloadKey',
    'PartNotInHistory',
    'PartRefused',
    'NotCommitted',
    'NotInDatabase',
    'OtherVaultKey',
    'OldKeyInUse',
    'OtherMaskingKey',
    'RowsNotStored',
    'QuarantineDropsRows',
    'VaultDropsOriginals',
    'TableRefusesBatch',
    'TableRefusesRows',
    'QuarantineLimitReached',
    'LockedOut',
    'RotationNotOnRecord',
    'RotationOpen',
    'OriginalsChanged',
  ]);
});

test.each(
  Object.entries(BY_SQLSTATE).flatMap(([key, row]) =>
    row.for.map((sqlstate) => [sqlstate, row.action, key] as const),
  ),
)('SQLSTATE %s: %s, by the row %s', (sqlstate, action, key) => {
  expect(policyForSqlstate(sqlstate)).toBe(SQLSTATE_POLICY[key]);
  expect(policyForSqlstate(sqlstate)).toMatchObject({
    action,
    advice: expect.stringMatching(/\w/),
  });
});

test.each(['21000', '38000', '44000', 'LG042', '99999', ''])(
  'SQLSTATE %j, which a trigger or function has raised: a row is to blame',
  (sqlstate) => {
    expect(policyForSqlstate(sqlstate).action).toBe('row');
  },
);

test.each(Object.entries(BY_AWS_NAME))(
  'AWS error %s: %s, whatever its HTTP status',
  (name, action) => {
    for (const status of [undefined, 400, 429, 500]) {
      expect(policyForAwsError(name, status)).toBe(AWS_POLICY[name]);
      expect(policyForAwsError(name, status)).toMatchObject({
        action,
        advice: expect.stringMatching(/\w/),
      });
    }
  },
);

test.each([
  [400, 'final'],
  [403, 'final'],
  [404, 'final'],
  [429, 'wait'],
  [500, 'wait'],
  [503, 'wait'],
  [undefined, 'wait'],
])('an AWS error that nobody knows, with HTTP status %s: %s', (status, action) => {
  expect(policyForAwsError('Novelty', status).action).toBe(action);
});

test('a payload key that is missing is a matter for a person, and the advice names the setting', () => {
  expect(OWN_POLICY.UnknownPayloadKey?.action).toBe('final');
  expect(OWN_POLICY.UnknownPayloadKey?.advice).toContain('PAYLOAD_KEYS');
});
