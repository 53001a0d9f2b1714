import { createHash } from 'node:crypto';

/** A record of the audit log: its hashes, and the text that its own hash covers. */
export type AuditLink = { id: string; previousHash: string; hash: string; text: string };

export type AuditVerdict = {
  records: number;
  /** The hash of the last record. Kept elsewhere, it proves later that the log still begins with these records. */
  head: string;
  /** The first problems, in the order of the log. */
  problems: string[];
  /** The number of problems that are not listed. */
  moreProblems: number;
};

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** The previous hash of the first record. */
export const AUDIT_ORIGIN = sha256('login-etl audit log');

const LISTED_PROBLEMS = 20;

/**
 * Recomputes the chain record by record. Cutting off the end of the log does not break the chain: only a head that was
 * kept elsewhere reveals it.
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
