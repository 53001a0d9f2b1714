export const RECOVERY_WORKFLOW_TYPE = 'recoverLogins';
/** Fixed, so that only one recovery runs at a time. */
export const RECOVERY_WORKFLOW_ID = 'recover-logins';

/** What a recovery did. Messages are counted where they were found; none of these numbers is a difference. */
type RecoveryCounts = {
  /** Runs whose history was read. */
  runs: number;
  /** Batches that a history says were committed. */
  batches: number;
  /** Their messages, as far as they could be read. */
  found: number;
  /** Rows that the recovery stored in `user_logins`, and messages that it quarantined. */
  inserted: number;
  quarantined: number;
  /** Messages that were there, in either table, or that were erased or discarded since. */
  alreadyThere: number;
  /** Batches that a payload key is missing for. */
  keyMissing: number;
  /** Batches that do not open although the key is there, or that a build before 0.4 stored. */
  unreadable: number;
  /** Runs whose history is gone, as the ledger or the list of runs shows. */
  beyondRetention: number;
};

export type RecoveryProgress = {
  counts: RecoveryCounts;
  /** The payload keys that are missing. */
  missingKeys: string[];
  /** Where the list of runs goes on. */
  page?: string | undefined;
};

export type RecoveryResult = Omit<RecoveryProgress, 'page'> & {
  /** Runs that closed before this time are beyond the namespace's retention: it has no history of them. */
  historiesSinceMs: number;
  sinceMs: number;
};

/** The only input. What is to be recovered is in the audit record of this request. */
export type RecoveryInput = { requestId: string };

export const zeroRecoveryCounts = (): RecoveryCounts => ({
  runs: 0,
  batches: 0,
  found: 0,
  inserted: 0,
  quarantined: 0,
  alreadyThere: 0,
  keyMissing: 0,
  unreadable: 0,
  beyondRetention: 0,
});

export function addRecovery(total: RecoveryProgress, part: RecoveryProgress): RecoveryProgress {
  const names = Object.keys(total.counts) as (keyof RecoveryCounts)[];
  const sums = names.map((name) => [name, total.counts[name] + part.counts[name]]);
  return {
    counts: Object.fromEntries(sums) as RecoveryCounts,
    missingKeys: [...new Set([...total.missingKeys, ...part.missingKeys])],
    page: part.page,
  };
}

/** One line for the Web UI or a terminal. */
export const describeRecovery = ({ counts }: Pick<RecoveryProgress, 'counts'>): string =>
  `${counts.runs} runs, ${counts.found} messages found in ${counts.batches} batches: ${counts.inserted} inserted, ` +
  `${counts.quarantined} quarantined, ${counts.alreadyThere} already there; ${counts.keyMissing} batches lack a ` +
  `payload key, ${counts.unreadable} cannot be read, ${counts.beyondRetention} runs beyond retention`;

/** Whether messages may be missing that the recovery could not insert. */
export const isIncomplete = ({ counts, sinceMs, historiesSinceMs }: RecoveryResult): boolean =>
  counts.keyMissing + counts.unreadable + counts.beyondRetention > 0 || sinceMs < historiesSinceMs;
