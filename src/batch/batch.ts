import type { MaskedField } from '../domain/login/login-columns.ts';
import {
  type MaskedRows,
  noOriginals,
  noRows,
  type Originals,
} from '../domain/login/login-rows.ts';
import type { Part } from './part.ts';

/**
 * What passes between the activities. The workflow sees counts; the messages are parts (`part.ts`), a column a field:
 * smaller and quicker to encode than a list of objects, and each step is sent only the parts it works on, since all
 * of it stays in history. Columns of one batch have the same length and order.
 */

export type ReceiveRequest = {
  maxMessages: number;
  /** Of bodies and handles. */
  maxBytes: number;
  /** In the workflow's history, for all steps together (`history-budget.ts`). */
  maxHistoryBytes: number;
  /** Whether the inputs of the next steps hold references in place of parts (`part.ts`). */
  byReference?: boolean | undefined;
  /** Whether a batch may be a single message that is larger than that. */
  anySize: boolean;
  /** Mean size of the messages seen so far, so that a queue of large ones is not over-received. */
  expectedMessageBytes?: number | undefined;
};

/** The worker process that did a step, and has its parts in hand. Not there in results of earlier builds. */
export type Holder = { holder?: string | undefined };

export type ReceivedBatch = {
  count: number;
  /** Bytes of bodies and handles. */
  bytes: number;
  /** The oldest SentTimestamp among them; not there when there are none. */
  oldestSentAtMs?: number | undefined;
  /** In a FIFO queue a group with a message in hand looks empty: the drain has to know. */
  fifo: boolean;
  /** Messages that were received, did not fit, and are visible again: meanwhile the queue looked empty to others. */
  released: number;
  ids: Part<MessageIds>;
  bodies: Part<string[]>;
  receiptHandles: Part<string[]>;
} & Holder;

export type MessageIds = {
  messageIds: string[];
  /** SQS SentTimestamp, milliseconds since 1970: the same on every delivery. */
  sentAtMs: number[];
};

/** What goes into the vault with a batch: each distinct masked value once, a column a field. */
export type SealedOriginals = {
  /** The vault's key that wraps the batch's data key. */
  vaultKeyId: string;
  wrappedKey: Uint8Array;
  fields: MaskedField[];
  /** Hex, as in the rows. */
  maskedValues: string[];
  sealedValues: Buffer[];
};

/** A message that can't become a row: its place, and why, without any of its values. */
export type Rejected = { index: number; reason: string };

export type MaskedMessages = {
  rows: MaskedRows;
  originals: Originals;
  /** By their place in the batch. */
  rejected: Rejected[];
  /** Which masking key made the rows; `sha256` in the unkeyed mode. */
  maskKeyId: string;
};

/** Which batch of its run, for the log. */
type Numbered = { batchNumber: number };

export type MaskRequest = Numbered & { count: number; bodies: Part<string[]> };

export type MaskedBatch = Holder & {
  accepted: number;
  rejected: number;
  masked: Part<MaskedMessages>;
};

/** The batch as the tables name it: a repeated insert tells its own rows from those of other batches. */
export type BatchTag = { runId: string; workflowId: string; startedAtMs: number; number: number };

/** What an insert confirms of a batch: everything is committed except the rows at these places. */
export type Receipt = { refused: number[] };

export type InsertRequest = {
  batch: BatchTag;
  ids: Part<MessageIds>;
  masked: Part<MaskedMessages>;
  /** Of the whole batch; only sent when some are to be quarantined. */
  bodies?: Part<string[]> | undefined;
  /** Rows that Postgres refused before: they are quarantined, and nothing else is done. */
  refused?: Rejected[] | undefined;
  /** Of the insert that had them refused. */
  receipt?: Part<Receipt> | undefined;
  /** The messages are in quarantine, released for this replay: they are taken out of it first. */
  replayId?: string | undefined;
};

export type InsertResult = Holder & {
  /** Not there in results of builds before 0.4. */
  receipt?: Part<Receipt> | undefined;
  inserted: number;
  quarantined: number;
  duplicates: number;
  /** Rows, by their place in the request, that Postgres will not take: they are to be quarantined. */
  refused: Rejected[];
  /** How many messages were to be quarantined, by reason. */
  reasons: Record<string, number>;
  /** The oldest SentTimestamp among the batch's messages. */
  oldestSentAtMs?: number | undefined;
};

export type AcknowledgeRequest = Numbered & {
  count: number;
  receiptHandles: Part<string[]>;
  /** Confirms that the batch is committed: without it nothing is deleted. */
  receipt?: Part<Receipt> | undefined;
};

export type AcknowledgeResult = Holder & {
  acknowledged: number;
  /** Handles that SQS no longer knows: those messages come back and count as duplicates. */
  expired: number;
};

/** A batch opened: what becomes rows, and what is quarantined. */
export type SplitBatch = MessageIds & {
  rows: MaskedRows;
  originals: Originals;
  maskKeyId: string;
  quarantine: MessageIds & { reasons: string[]; bodies: string[] };
};

type Opened = { ids: MessageIds; masked: MaskedMessages; bodies: readonly string[] };

/** Splits a masked batch into what is inserted and what is quarantined. */
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

/** Of the rows that `splitBatch` gave, those that Postgres refused: to be quarantined. */
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
    bodies: rejected.map(({ index }) => bodies[index] as string),
  };
}
