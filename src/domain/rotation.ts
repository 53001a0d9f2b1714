import type { MaskedField } from './login/login-columns.ts';

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
};

export type RotationOutcome = 'completed' | 'old key still in use' | 'stopped' | 'failed';

/** The result of a rotation, which the audit record of its end contains. */
export type RotationResult = {
  outcome: RotationOutcome;
  toKeyId: string;
  passes: number;
} & RotationCounts;

export const beginRotation = (toKeyId: string): RotationState => ({
  toKeyId,
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

/**
 * A rotation works in rounds. A pass over all rows re-masks the rows of old keys. Then the vault's originals of old keys
 * are set aside. The next pass takes back the originals that rows still need, and the rest is removed. The rotation ends
 * after a pass that found no row to re-mask: no worker inserts with an old key any more.
 */
export function afterRemask(state: RotationState, result: RemaskResult): RotationState {
  const remaskedInPass = state.remaskedInPass + result.remasked;
  const after = counting({ ...state, remaskedInPass, row: result.next }, result);
  if (result.next) return after;
  return { ...after, phase: state.pass === 1 ? 'setting originals aside' : 'removing originals' };
}

export function afterRemove(
  state: RotationState,
  { removed }: RemoveResult,
  maxPasses: number,
): RotationState {
  const after = counting(state, { originalsRemoved: removed });
  if (removed > 0) return after;
  if (state.remaskedInPass === 0) return { ...after, phase: 'removing data keys' };
  if (state.pass < maxPasses) return { ...after, phase: 'waiting for workers with an old key' };
  return { ...after, phase: 'removing data keys', oldKeyInUse: true };
}

export const afterWait = (state: RotationState): RotationState => ({
  ...state,
  phase: 'setting originals aside',
});

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
export const describeRotation = ({ phase, pass, counts }: RotationState): string =>
  `${counts.remasked} rows re-masked, ${counts.unrecoverable} unrecoverable, ${counts.unreadable} unreadable, ` +
  `${counts.originalsRemoved} originals removed; pass ${pass}: ${phase}`;

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
