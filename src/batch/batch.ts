import type { MaskedField } from '../domain/login/login-columns.ts';
import {
  type MaskedRows,
  noOriginals,
  noRows,
  type Originals,
} from '../domain/login/login-rows.ts';
import type { Part } from './part.ts';

/**
 * The inputs and results of the activities. The workflow sees only counts; messages are in parts (`part.ts`), one column
 * per field, which is smaller and faster to encode than a list of objects. Each step gets only the parts it needs, since
 * history keeps them all. All columns of a batch have the same length and order.
 */

export type ReceiveRequest = {
  maxMessages: number;
  /** Of bodies and handles. */
  maxBytes: number;
  /** In the workflow's history, over all steps (`history-budget.ts`). */
  maxHistoryBytes: number;
  /** Whether the inputs of the next steps hold references in place of parts (`part.ts`). */
  byReference?: boolean | undefined;
  /** Whether a batch may be a single message that is larger than `maxBytes`. */
  anySize: boolean;
  /** Mean size of earlier messages: keeps the step from receiving too many large ones. */
  expectedMessageBytes?: number | undefined;
};

/** The worker process that ran a step and caches its parts. Undefined in results of earlier builds. */
export type Holder = { holder?: string | undefined };

export type ReceivedBatch = {
  count: number;
  /** Bytes of bodies and handles. */
  bytes: number;
  /** The oldest SentTimestamp of the batch; undefined when it is empty. */
  oldestSentAtMs?: number | undefined;
  /** In a FIFO queue a group with a message in flight looks empty, which the drain has to consider. */
  fifo: boolean;
  /** Messages that did not fit and were made visible again: until then the queue looked empty to other lanes. */
  released: number;
  /** About how many messages the queue has left. Only known of a standard queue, after a full batch. */
  backlog?: number | undefined;
  /** The task queue of the worker that received the batch and caches its parts. */
  workerQueue?: string | undefined;
  ids: Part<MessageIds>;
  bodies: Part<string[]>;
  receiptHandles: Part<string[]>;
} & Holder;

export type MessageIds = {
  messageIds: string[];
  /** SQS SentTimestamp, milliseconds since 1970: the same on every delivery. */
  sentAtMs: number[];
};

/** The originals that a batch adds to the vault, one column per field: each distinct masked value once. */
export type SealedOriginals = {
  /** The vault's key that wraps the batch's data key. */
  vaultKeyId: string;
  wrappedKey: Uint8Array;
  fields: MaskedField[];
  /** Hex, as in the rows. */
  maskedValues: string[];
  sealedValues: Buffer[];
};

/**
 * A message that can't become a row: its index and a reason, which contains no value of the message. `faults` has all
 * reasons where there are several.
 */
export type Rejected = { index: number; reason: string; faults?: string[] };

export type MaskedMessages = {
  rows: MaskedRows;
  originals: Originals;
  /** The indexes count from the batch's first message. */
  rejected: Rejected[];
  /** The id of the masking key; `sha256` in the unkeyed mode. */
  maskKeyId: string;
};

/** The batch's number within its run, for the log. */
type Numbered = { batchNumber: number };

export type MaskRequest = Numbered & { count: number; bodies: Part<string[]> };

export type MaskedBatch = Holder & {
  accepted: number;
  rejected: number;
  masked: Part<MaskedMessages>;
};

/** Identifies the batch in the tables, so that a repeated insert recognizes its own rows. */
export type BatchTag = { runId: string; workflowId: string; startedAtMs: number; number: number };

/** The record of a batch in the database. `ofRefused`: and that of its second insert, which quarantined refused rows. */
export type CommittedBatch = Pick<BatchTag, 'runId' | 'number'> & { ofRefused: boolean };

/** Confirms that a batch was committed, except for the rows at these indexes. */
export type Receipt = {
  refused: number[];
  /** Undefined in receipts of builds up to 0.3.0. */
  committed?: CommittedBatch | undefined;
};

export type InsertRequest = {
  batch: BatchTag;
  ids: Part<MessageIds>;
  masked: Part<MaskedMessages>;
  /** All bodies of the batch; only sent when some messages go to quarantine. */
  bodies?: Part<string[]> | undefined;
  /** Rows that Postgres refused in an earlier insert: this one only quarantines them. */
  refused?: Rejected[] | undefined;
  /** The receipt of that earlier insert. */
  receipt?: Part<Receipt> | undefined;
  /** The messages are in quarantine, released for this replay: the insert removes them from it first. */
  replayId?: string | undefined;
};

export type InsertResult = Holder & {
  /** Undefined in results of builds before 0.4. */
  receipt?: Part<Receipt> | undefined;
  inserted: number;
  quarantined: number;
  duplicates: number;
  /** Rows that Postgres refused, by their index in the request: another insert quarantines them. */
  refused: Rejected[];
  /** The number of messages for quarantine, by reason. */
  reasons: Record<string, number>;
  /** The oldest SentTimestamp among the batch's messages. */
  oldestSentAtMs?: number | undefined;
};

export type AcknowledgeRequest = Numbered & {
  count: number;
  receiptHandles: Part<string[]>;
  /** Confirms that the batch is committed: without a receipt nothing is deleted. */
  receipt?: Part<Receipt> | undefined;
};

export type AcknowledgeResult = Holder & {
  acknowledged: number;
  /** Handles that SQS no longer knows: these messages are redelivered and count as duplicates. */
  expired: number;
};

/** An opened batch, split into rows and messages for quarantine. */
export type SplitBatch = MessageIds & {
  rows: MaskedRows;
  originals: Originals;
  maskKeyId: string;
  quarantine: MessageIds & {
    reasons: string[];
    faults: (string[] | undefined)[];
    bodies: string[];
  };
};

type Opened = { ids: MessageIds; masked: MaskedMessages; bodies: readonly string[] };

export function splitBatch({ ids, masked, bodies }: Opened): SplitBatch {
  const rejected = new Set(masked.rejected.map(({ index }) => index));
  const accepted = <T>(column: T[]) =>
    rejected.size === 0 ? column : column.filter((_, index) => !rejected.has(index));
  return {
    messageIds: accepted(ids.messageIds),
    sentAtMs: accepted(ids.sentAtMs),
    rows: masked.rows,
    originals: masked.originals,
    maskKeyId: masked.maskKeyId,
    quarantine: toQuarantine(ids, bodies, masked.rejected),
  };
}

/** Puts the rows that Postgres refused into quarantine. `refused` has their indexes among the rows of `splitBatch`. */
export function splitOffRefused(
  { ids, masked, bodies }: Opened,
  refused: readonly Rejected[],
): SplitBatch {
  const rejected = new Set(masked.rejected.map(({ index }) => index));
  const places = [...ids.messageIds.keys()].filter((index) => !rejected.has(index));
  const moved = refused.map(({ index, reason }) => ({ index: places[index] as number, reason }));
  return {
    messageIds: [],
    sentAtMs: [],
    rows: noRows(),
    originals: noOriginals(),
    maskKeyId: masked.maskKeyId,
    quarantine: toQuarantine(ids, bodies, moved),
  };
}

function toQuarantine(
  { messageIds, sentAtMs }: MessageIds,
  bodies: readonly string[],
  rejected: readonly Rejected[],
): SplitBatch['quarantine'] {
  return {
    messageIds: rejected.map(({ index }) => messageIds[index] as string),
    sentAtMs: rejected.map(({ index }) => sentAtMs[index] as number),
    reasons: rejected.map(({ reason }) => reason),
    faults: rejected.map(({ faults }) => faults),
    bodies: rejected.map(({ index }) => bodies[index] as string),
  };
}
