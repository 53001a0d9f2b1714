import type {
  AcknowledgeRequest,
  InsertRequest,
  InsertResult,
  MaskedBatch,
  MaskRequest,
} from './batch.ts';
import type { Part } from './part.ts';

/** For each step, the parts that no later step of the batch needs. */
export const lastNeededBy = {
  /** The bodies of rejected messages are quarantined by the insert. */
  maskBatch: ({ bodies }: MaskRequest, { rejected }: MaskedBatch): Part<unknown>[] =>
    rejected === 0 ? [bodies] : [],

  /** The rows that Postgres refused are quarantined by a second insert. */
  insertBatch: ({ ids, masked, bodies, receipt }: InsertRequest, { refused }: InsertResult) =>
    refused.length === 0 ? present(ids, masked, bodies, receipt) : [],

  acknowledgeBatch: ({ receiptHandles, receipt }: AcknowledgeRequest): Part<unknown>[] =>
    present(receiptHandles, receipt),
};

const present = (...parts: (Part<unknown> | undefined)[]): Part<unknown>[] =>
  parts.filter((part) => part !== undefined);
