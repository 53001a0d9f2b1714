/**
 * The payloads that pass between the activities, a column a field: smaller and quicker to encode than a
 * list of objects, and each step is sent only the columns it works on, since all of it stays in history.
 * Columns of one batch have the same length and order.
 */

export type ReceiveRequest = {
  /** At most so many messages. */
  maxMessages: number;
  /** At most so many bytes of bodies and handles, except that a batch always takes one message. */
  maxBytes: number;
  /** Mean size of the messages seen so far, so that a queue of large ones is not over-received. */
  expectedMessageBytes?: number | undefined;
};

export type ReceivedBatch = {
  messageIds: string[];
  /** SQS SentTimestamp, milliseconds since 1970: the same on every delivery. */
  sentAtMs: number[];
  bodies: string[];
  receiptHandles: string[];
  /** Bytes of bodies and handles. */
  bytes: number;
  /** In a FIFO queue a group with a message in hand looks empty: the drain has to know. */
  fifo: boolean;
};

/** Rows in the order of the accepted messages. */
export type MaskedRows = {
  userIds: string[];
  deviceTypes: string[];
  maskedIps: string[];
  maskedDeviceIds: string[];
  locales: (string | null)[];
  appVersions: string[];
};

/** A message that can't become a row: its place, and why, without any of its values. */
export type Rejected = { index: number; reason: string };

export type MaskedBatch = {
  rows: MaskedRows;
  /** By their place in the batch. */
  rejected: Rejected[];
  /** Which masking key made the rows; `sha256` in the unkeyed mode. */
  maskKeyId: string;
};

export type QuarantineColumns = {
  messageIds: string[];
  sentAtMs: number[];
  reasons: string[];
  bodies: string[];
};

/** The batch as the tables name it: a repeated insert tells its own rows from those of other batches. */
export type BatchTag = { runId: string; workflowId: string; startedAtMs: number; number: number };

export type InsertRequest = {
  batch: BatchTag;
  messageIds: string[];
  sentAtMs: number[];
  rows: MaskedRows;
  maskKeyId: string;
  quarantine: QuarantineColumns;
  /** The messages are in quarantine, released for this replay: they are taken out of it first. */
  replayId?: string | undefined;
};

export type InsertResult = {
  inserted: number;
  quarantined: number;
  duplicates: number;
  /** Rows, by their place in the request, that Postgres will not take: they are to be quarantined. */
  refused: Rejected[];
};

export type AcknowledgeResult = {
  acknowledged: number;
  /** Handles that SQS no longer knows: those messages come back and count as duplicates. */
  expired: number;
};

type Messages = Pick<ReceivedBatch, 'messageIds' | 'sentAtMs' | 'bodies'>;

export const noRows = (): MaskedRows => ({
  userIds: [],
  deviceTypes: [],
  maskedIps: [],
  maskedDeviceIds: [],
  locales: [],
  appVersions: [],
});

/** Splits a masked batch into what is inserted and what is quarantined. */
export function toInsertRequest(
  tag: BatchTag,
  batch: Messages,
  masked: MaskedBatch,
): InsertRequest {
  const rejected = new Set(masked.rejected.map(({ index }) => index));
  const accepted = <T>(column: T[]) =>
    rejected.size === 0 ? column : column.filter((_, index) => !rejected.has(index));
  return {
    batch: tag,
    messageIds: accepted(batch.messageIds),
    sentAtMs: accepted(batch.sentAtMs),
    rows: masked.rows,
    maskKeyId: masked.maskKeyId,
    quarantine: toQuarantine(batch, masked.rejected),
  };
}

/** The request that quarantines the rows which Postgres refused of `toInsertRequest`'s. */
export function toRefusedRequest(
  tag: BatchTag,
  batch: Messages,
  masked: MaskedBatch,
  refused: readonly Rejected[],
): InsertRequest {
  const rejected = new Set(masked.rejected.map(({ index }) => index));
  const places = [...batch.messageIds.keys()].filter((index) => !rejected.has(index));
  return {
    batch: tag,
    messageIds: [],
    sentAtMs: [],
    rows: noRows(),
    maskKeyId: masked.maskKeyId,
    quarantine: toQuarantine(
      batch,
      refused.map(({ index, reason }) => ({ index: places[index] as number, reason })),
    ),
  };
}

function toQuarantine(batch: Messages, rejected: readonly Rejected[]): QuarantineColumns {
  return {
    messageIds: rejected.map(({ index }) => batch.messageIds[index] as string),
    sentAtMs: rejected.map(({ index }) => batch.sentAtMs[index] as number),
    reasons: rejected.map(({ reason }) => reason),
    bodies: rejected.map(({ index }) => batch.bodies[index] as string),
  };
}
