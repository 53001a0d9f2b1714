/**
 * The reaction to each error. `classify-error.ts` looks it up, and `to-failure.ts` turns it into Temporal's terms.
 *
 * - `retry`: a temporary error: retry with backoff.
 * - `wait`:  a problem of a server or a table, not of the batch: retry without limit, and receive nothing meanwhile.
 * - `row`:   a row of the batch can't be stored: only that row goes to quarantine.
 * - `final`: a person has to act; a retry would fail again.
 *
 * When a row may be to blame for a code that is none of `row`: `blame.ts`.
 */
export type ErrorAction = 'retry' | 'wait' | 'row' | 'final';

export type ErrorPolicy = { action: ErrorAction; advice: string };

const rule = (action: ErrorAction, advice: string): ErrorPolicy => ({ action, advice });

/**
 * Keyed by SQLSTATE, or by its two-character class where one advice fits all members. The longer key wins. A code that
 * is missing here was raised by a trigger or a function, which refused a row.
 */
export const SQLSTATE_POLICY: Readonly<Record<string, ErrorPolicy>> = {
  '08': rule('wait', 'the connection to Postgres was lost'),
  '08P01': rule(
    'wait',
    'Postgres or a pooler before it does not understand the connection: see docs/postgres.md, "Poolers"',
  ),
  '0A': rule(
    'wait',
    'Postgres cannot do this here, as with a table that has rules: take them off user_logins',
  ),
  '22': rule('row', 'a value does not fit its column'),
  '23': rule('row', 'a row breaks a constraint'),
  '25': rule('retry', 'the transaction is in another state than expected'),
  '25006': rule('wait', 'Postgres is read-only, as after a failover'),
  '26000': rule('retry', 'a prepared statement is gone: a pooler may have changed the connection'),
  // The password may come from a file that is about to be replaced.
  '28': rule('wait', 'Postgres refuses the role or its password: check DATABASE_URL'),
  '3D000': rule('final', 'the database does not exist: check DATABASE_URL'),
  '3F000': rule('final', 'the schema does not exist: check the search_path of the role'),
  '40': rule('retry', 'the transaction was in conflict with another'),
  '42': rule('final', 'Postgres does not understand a statement of this build: report it'),
  '42501': rule(
    'final',
    'the role lacks a privilege: grant it login_etl_worker, see `login-etl doctor`',
  ),
  '42P01': rule(
    'final',
    'a table is missing: run `login-etl migrate`, or check the search_path of the role',
  ),
  '42P05': rule('retry', 'a pooler mixes up prepared statements: see docs/postgres.md, "Poolers"'),
  '42703': rule('final', 'a column is missing: run `login-etl migrate`'),
  '42704': rule('final', 'a type or a role is missing: run `login-etl migrate`'),
  '42883': rule(
    'final',
    'a function is missing: run `login-etl migrate`, or check the search_path of the role',
  ),
  '42P10': rule('final', 'the primary key of a table is missing: restore it'),
  '53': rule('wait', 'Postgres is out of disk, memory or connections'),
  '54': rule('row', 'a row exceeds a limit of Postgres'),
  '55': rule('retry', 'an object is in use'),
  '55P03': rule('retry', 'a lock was not free in time'),
  '57': rule('wait', 'Postgres is starting, stopping or was told to cancel'),
  '57014': rule('retry', 'a statement took too long or was cancelled'),
  '58': rule('wait', 'Postgres has trouble with its files'),
  F0: rule('wait', 'Postgres has trouble with its configuration'),
  HV: rule('wait', 'a foreign table, or its server, has trouble'),
  LE001: rule('row', 'a trigger of the table dropped, moved or changed the row'),
  LE002: rule('wait', 'a rule or a view replaces inserts into user_logins: drop it'),
  P0: rule('row', 'a trigger or a function of the table refuses the row'),
  XX: rule('wait', 'Postgres reports an internal error'),
};

/** Keyed by the error's name in the AWS SDK. */
export const AWS_POLICY: Readonly<Record<string, ErrorPolicy>> = {
  QueueDoesNotExist: rule(
    'final',
    'the queue does not exist: check SQS_QUEUE_URL or SQS_QUEUE_NAME',
  ),
  'AWS.SimpleQueueService.NonExistentQueue': rule(
    'final',
    'the queue does not exist: check SQS_QUEUE_URL or SQS_QUEUE_NAME',
  ),
  QueueDeletedRecently: rule('final', 'the queue was deleted'),
  InvalidAddress: rule('final', 'SQS_QUEUE_URL is not the address of a queue'),
  AccessDenied: rule(
    'final',
    'the AWS role may not do this with the queue: docs/security.md has its policy',
  ),
  AccessDeniedException: rule(
    'final',
    'the AWS role may not do this with the queue: docs/security.md has its policy',
  ),
  KmsAccessDenied: rule('final', "the AWS role may not use the queue's KMS key"),
  KmsDisabled: rule('final', "the queue's KMS key is disabled"),
  InvalidAttributeName: rule('final', 'the SQS endpoint does not know an attribute that is needed'),
  MalformedSqsAnswer: rule('final', 'the SQS endpoint does not answer as SQS does'),
  // Refused credentials are resolved again, so runs wait for new ones.
  ExpiredToken: rule('wait', 'the AWS credentials have expired'),
  ExpiredTokenException: rule('wait', 'the AWS credentials have expired'),
  InvalidClientTokenId: rule('wait', 'AWS does not know the access key'),
  InvalidAccessKeyId: rule('wait', 'AWS does not know the access key'),
  UnrecognizedClientException: rule('wait', 'AWS does not know the access key'),
  SignatureDoesNotMatch: rule('wait', 'the AWS secret key is wrong, or the clock is off'),
  InvalidSignatureException: rule('wait', 'the AWS secret key is wrong, or the clock is off'),
  IncompleteSignature: rule('wait', 'the AWS credentials are malformed'),
  RequestTimeTooSkewed: rule('wait', 'the clock is off by more than AWS allows'),
  RequestExpired: rule('wait', 'the clock is off by more than AWS allows'),
  MissingAuthenticationToken: rule('wait', 'AWS got no credentials'),
  CredentialsProviderError: rule('wait', 'no AWS credentials are available at the moment'),
  RequestThrottled: rule('retry', 'SQS throttles'),
  ThrottlingException: rule('retry', 'SQS throttles'),
  Throttling: rule('retry', 'SQS throttles'),
  TooManyRequestsException: rule('retry', 'SQS throttles'),
  KmsThrottled: rule('retry', "the queue's KMS key is throttled"),
  OverLimit: rule('wait', 'too many messages of the queue are in flight'),
  TimeoutError: rule('wait', 'SQS did not answer in time'),
  DeletesKeepFailing: rule('retry', 'SQS failed to delete some messages'),
};

/** Keyed by the name of our own error classes. */
export const OWN_POLICY: Readonly<Record<string, ErrorPolicy>> = {
  UnknownPayloadKey: rule('final', 'add the missing key to PAYLOAD_KEYS'),
  PartNotInHistory: rule(
    'final',
    "the run's history was cut short: start another run, its messages come back to the queue",
  ),
  PartRefused: rule(
    'final',
    'a part of a batch does not belong to this workflow or place: start another run, its messages come back to the queue',
  ),
  NotCommitted: rule(
    'final',
    'nothing confirms that the messages are stored, so they stay on the queue: start another run',
  ),
  NotInDatabase: rule(
    'final',
    'the database was restored to a time before the insert, so the messages stay on the queue until the run has inserted them again',
  ),
  OtherVaultKey: rule(
    'final',
    'the vault has originals that only another private key opens: check VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID',
  ),
  OldKeyInUse: rule(
    'final',
    'live workers mask with another key: give them the new keyring and restart them, or start with --wait',
  ),
  OtherMaskingKey: rule(
    'wait',
    "the active key in this custodian's MASKING_KEYS is not the one that is rotated to",
  ),
  RowsNotStored: rule('wait', 'rows that Postgres took are in no table: see the triggers of'),
  QuarantineDropsRows: rule(
    'wait',
    'quarantine does not keep messages: see the triggers and policies of',
  ),
  VaultDropsOriginals: rule(
    'wait',
    'the vault does not keep originals: see the triggers and indexes of',
  ),
  TableRefusesBatch: rule(
    'wait',
    'the run waits, since a trigger, constraint, index or policy refuses what a batch needs: repair',
  ),
  TableRefusesRows: rule('wait', 'the run waits, since the table refuses every row: repair it'),
  QuarantineLimitReached: rule(
    'wait',
    'the run waits, since QUARANTINE_LIMIT_PER_REASON is reached: repair the table, or raise the limit',
  ),
  LockedOut: rule('retry', 'another session holds a lock that is needed'),
  RotationNotOnRecord: rule(
    'final',
    'nothing is changed in the vault without a rotation on record: start one with `login-etl remask start`',
  ),
  RotationOpen: rule('retry', 'a rotation of masking keys has not ended'),
  OriginalsChanged: rule('retry', 'an original was erased while its rows were re-masked'),
};

export const policyForSqlstate = (sqlstate: string): ErrorPolicy =>
  SQLSTATE_POLICY[sqlstate] ??
  SQLSTATE_POLICY[sqlstate.slice(0, 2)] ??
  rule('row', 'a trigger or a function refuses the row');

/** An unknown client error would occur again on a retry; anything else is a problem of SQS or the network. */
export function policyForAwsError(name: string, httpStatus: number | undefined): ErrorPolicy {
  const known = AWS_POLICY[name];
  if (known) return known;
  if (httpStatus !== undefined && httpStatus >= 400 && httpStatus < 500 && httpStatus !== 429) {
    return rule('final', 'SQS refuses the call');
  }
  return rule('wait', 'SQS or the network has a problem');
}
