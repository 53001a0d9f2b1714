/**
 * The sum of these hashes is a digest of message ids that does not depend on their order. Postgres' own hash is enough:
 * it is there to find rows that were deleted or replaced, not to stop someone who can write to the tables. Postgres 13
 * has no bit_xor.
 */
const idHash = (seed: string): string => `hashtextextended(message_id collate "C", ${seed})`;

/** Of the primary key, so that a row that moves to another day is missed. */
export const loginIdHash = (createDate: string): string =>
  idHash(`${createDate} - date '2000-01-01'`);
export const LOGIN_ID_HASH = loginIdHash('create_date');

/** Of the id alone: departures from quarantine have no create_date. */
export const QUARANTINE_ID_HASH = idHash('0');
