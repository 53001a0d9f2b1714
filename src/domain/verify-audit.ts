import { createHash } from 'node:crypto';

/** A record of the audit log: the hashes it has, and the text that its own hash was made of. */
export type AuditLink = { id: string; previousHash: string; hash: string; text: string };

export type AuditVerdict = {
  records: number;
  /** The hash of the last record: noted elsewhere, it proves later that the log still begins like this. */
  head: string;
  /** In the order of the log; of many, the first ones. */
  problems: string[];
  /** Those beyond the ones that are listed. */
  moreProblems: number;
};

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** What the first record follows. */
export const AUDIT_ORIGIN = sha256('login-etl audit log');

const LISTED_PROBLEMS = 20;

/**
 * Makes the chain again, record by record. The end of the log can be cut off without breaking it: that is found
 * only by a head that was noted before.
 */
export async function verifyAudit(
  links: AsyncIterable<AuditLink>,
  expectedHead?: string,
): Promise<AuditVerdict> {
  const found = new Findings();
  let head = AUDIT_ORIGIN;
  let next = 1n;
  let records = 0;
  let sawExpected = expectedHead === undefined || expectedHead === AUDIT_ORIGIN;
  for await (const { id, previousHash, hash, text } of links) {
    records += 1;
    if (BigInt(id) > next) found.add(missing(next, BigInt(id) - 1n));
    else if (BigInt(id) < next) found.add(`record ${id} was put in: records count from 1`);
    else if (previousHash !== head) found.add(mismatch(id));
    if (sha256(text) !== hash)
      found.add(`record ${id} was changed: its hash is of another content`);
    else if (hash === expectedHead) sawExpected = true;
    head = hash;
    if (BigInt(id) >= next) next = BigInt(id) + 1n;
  }
  if (!sawExpected) {
    found.add(
      `no record has the expected head: the log was cut off before it, or changed; ${records} record(s) are left`,
    );
  }
  return { records, head, problems: found.listed, moreProblems: found.more };
}

class Findings {
  readonly listed: string[] = [];
  more = 0;

  add(problem: string): void {
    if (this.listed.length < LISTED_PROBLEMS) this.listed.push(problem);
    else this.more += 1;
  }
}

const missing = (from: bigint, to: bigint): string =>
  from === to ? `record ${from} was taken out` : `records ${from} to ${to} were taken out`;

const mismatch = (id: string): string =>
  id === '1'
    ? 'record 1 was replaced: it does not begin the log'
    : `record ${BigInt(id) - 1n} was changed, and its hash with it: record ${id} follows another one`;
