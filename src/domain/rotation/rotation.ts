import type { MaskedField } from '../login/login-columns.ts';

/** Only processes with the vault's private key poll this task queue. */
export const CUSTODIAN_TASK_QUEUE = 'login-etl-custodian';
export const ROTATION_WORKFLOW_TYPE = 'rotateMaskingKey';
/** Fixed, so that only one rotation runs at a time. */
export const ROTATION_WORKFLOW_ID = 'rotate-masking-key';
export const STOP_SIGNAL = 'stop';
export const PROGRESS_QUERY = 'progress';

/** A position in `user_logins`, in the order of its primary key. */
export type RowPlace = { createDate: string; messageId: string };
/** A position in the vault, in the order of its primary key. */
export type OriginalPlace = { maskedHex: string; field: MaskedField };

/** `runId` is the first run of the rotation's workflow; undefined in requests of builds before 0.4. */
type OfRotation = { runId?: string | undefined };

export type RemaskRequest = OfRotation & {
  toKeyId: string;
  after?: RowPlace | undefined;
  rows: number;
};
export type RemaskResult = {
  /** Rows that were re-masked with the new key. */
  remasked: number;
  /** Rows that keep their old key because an original is missing from the vault. */
  unrecoverable: number;
  /** Rows that keep their old key because an original does not open or does not match its masked value. */
  unreadable: number;
  /** Adopted rows without an original, which keep their masked values; undefined in results of builds before 0.4. */
  adopted?: number;
  /** Where the next step continues; undefined at the end of the table. */
  next?: RowPlace;
};

export type SetAsideRequest = OfRotation & {
  toKeyId: string;
  after?: OriginalPlace | undefined;
  rows: number;
};
export type SetAsideResult = { setAside: number; next?: OriginalPlace };

export type RemoveRequest = OfRotation & { rows: number };
export type RemoveResult = { removed: number };

export type RemoveDataKeysRequest = OfRotation & { after?: string | undefined; rows: number };
export type RemoveDataKeysResult = { removed: number; next?: string };

/** Where rows with an old key may still come from. */
export type OldKeyWriters = {
  /** Live workers that mask with another key. */
  workers: string[];
  /** Open runs with a batch that such a worker may have masked, and that is not stored yet. */
  runs: string[];
  /** When such a worker was last alive; 0 for none within the last day. */
  lastSeenMs: number;
};

type RotationCounts = {
  remasked: number;
  /** Like `unreadable` and `adopted`, only of the latest pass: each pass finds these rows again. */
  unrecoverable: number;
  unreadable: number;
  /** Undefined in a rotation that a build before 0.4 began. */
  adopted?: number;
  originalsRemoved: number;
  dataKeysRemoved: number;
  steps: number;
};

type RotationPhase =
  | 're-masking rows'
  | 'removing originals'
  | 'waiting for workers with an old key'
  | 'checking that no old key is in use'
  | 'setting originals aside'
  | 'removing data keys'
  | 'done';

export type RotationState = {
  toKeyId: string;
  phase: RotationPhase;
  /** The number of the current pass over `user_logins`, from 1. */
  pass: number;
  remaskedInPass: number;
  row?: RowPlace | undefined;
  original?: OriginalPlace | undefined;
  dataKey?: string | undefined;
  /** The last allowed pass still found new rows with an old key. */
  oldKeyInUse: boolean;
  counts: RotationCounts;
  /** Whether it waits for workers with another key. Rotations of builds up to 0.3 did not. */
  waitsForWriters?: boolean | undefined;
  waitingFor?: Pick<OldKeyWriters, 'workers' | 'runs'> | undefined;
  /** When a worker with another key was last alive, as known before the current pass. */
  writersLastSeenMs?: number | undefined;
};

export type RotationOutcome = 'completed' | 'old key still in use' | 'stopped' | 'failed';

/** The result of a rotation, which the audit record of its end contains. */
export type RotationResult = {
  outcome: RotationOutcome;
  toKeyId: string;
  passes: number;
} & RotationCounts;

export const beginRotation = (toKeyId: string, waitsForWriters = false): RotationState => ({
  toKeyId,
  ...(waitsForWriters && { waitsForWriters }),
  phase: 're-masking rows',
  pass: 1,
  remaskedInPass: 0,
  oldKeyInUse: false,
  counts: {
    remasked: 0,
    unrecoverable: 0,
    unreadable: 0,
    adopted: 0,
    originalsRemoved: 0,
    dataKeysRemoved: 0,
    steps: 0,
  },
});

const WAITING = 'waiting for workers with an old key';
const CHECKING = 'checking that no old key is in use';

/**
 * A rotation works in rounds. A pass over all rows re-masks the rows of old keys. Then the vault's originals of old keys
 * are set aside. The next pass takes back the originals that rows still need, and the rest is removed. The rotation ends
 * after a pass that found no row to re-mask, if no row of an old key can have arrived since the pass began: before it, no
 * worker with another key was alive and all that such workers had masked was stored; after it, none has been alive since.
 */
export function afterRemask(state: RotationState, result: RemaskResult): RotationState {
  const remaskedInPass = state.remaskedInPass + result.remasked;
  const after = counting({ ...state, remaskedInPass, row: result.next }, result);
  if (result.next) return after;
  if (state.pass > 1) return { ...after, phase: 'removing originals' };
  return { ...after, phase: state.waitsForWriters ? WAITING : 'setting originals aside' };
}

export function afterRemove(
  state: RotationState,
  { removed }: RemoveResult,
  maxPasses: number,
): RotationState {
  const after = counting(state, { originalsRemoved: removed });
  if (removed > 0) return after;
  if (state.remaskedInPass > 0) return anotherPass(after, maxPasses);
  return { ...after, phase: state.waitsForWriters ? CHECKING : 'removing data keys' };
}

const anotherPass = (state: RotationState, maxPasses: number): RotationState =>
  state.pass < maxPasses
    ? { ...state, phase: WAITING }
    : { ...state, phase: 'removing data keys', oldKeyInUse: true };

export const afterWait = (state: RotationState): RotationState => ({
  ...state,
  phase: 'setting originals aside',
});

/** Goes on when nothing is left to wait for. */
export function afterWriters(
  state: RotationState,
  { workers, runs, lastSeenMs }: OldKeyWriters,
): RotationState {
  const after = counting({ ...state, writersLastSeenMs: lastSeenMs }, {});
  if (workers.length + runs.length > 0) return { ...after, waitingFor: { workers, runs } };
  const { waitingFor: _, ...rest } = after;
  return { ...rest, phase: 'setting originals aside' };
}

/** Ends the rotation, or begins another pass when a worker with another key was alive during the last one. */
export function afterCheck(
  state: RotationState,
  { workers, runs, lastSeenMs }: OldKeyWriters,
  maxPasses: number,
): RotationState {
  const after = counting(state, {});
  const seen = lastSeenMs > (state.writersLastSeenMs ?? 0);
  return workers.length + runs.length > 0 || seen
    ? anotherPass(after, maxPasses)
    : { ...after, phase: 'removing data keys' };
}

export function afterSetAside(state: RotationState, { next }: SetAsideResult): RotationState {
  const after = counting({ ...state, original: next }, {});
  if (next) return after;
  return {
    ...after,
    phase: 're-masking rows',
    pass: state.pass + 1,
    remaskedInPass: 0,
    counts: { ...after.counts, unrecoverable: 0, unreadable: 0, adopted: 0 },
  };
}

export function afterRemoveDataKeys(
  state: RotationState,
  { removed, next }: RemoveDataKeysResult,
): RotationState {
  const after = counting({ ...state, dataKey: next }, { dataKeysRemoved: removed });
  return next ? after : { ...after, phase: 'done' };
}

/** One line for the Web UI and a terminal: counts only. */
export function describeRotation({ phase, pass, counts, waitingFor }: RotationState): string {
  const waiting = waitingFor
    ? ` (${waitingFor.workers.length} workers, ${waitingFor.runs.length} runs)`
    : '';
  return (
    `${counts.remasked} rows re-masked, ${counts.unrecoverable} unrecoverable, ${counts.unreadable} unreadable, ` +
    `${counts.originalsRemoved} originals removed; pass ${pass}: ${phase}${waiting}`
  );
}

export const resultOf = (
  { toKeyId, pass, counts }: RotationState,
  outcome: RotationOutcome,
): RotationResult => ({ outcome, toKeyId, passes: pass, ...counts });

/** Adds a step and its counts to the state. */
function counting(state: RotationState, more: Partial<RotationCounts>): RotationState {
  const counts = { ...state.counts, steps: state.counts.steps + 1 };
  for (const name of Object.keys({ adopted: 0, ...counts }) as (keyof RotationCounts)[])
    counts[name] = (counts[name] ?? 0) + (more[name] ?? 0);
  return { ...state, counts };
}
