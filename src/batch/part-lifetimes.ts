import type {
  AcknowledgeRequest,
  InsertRequest,
  InsertResult,
  MaskedBatch,
  MaskRequest,
} from './batch.ts';
import type { Part } from './part.ts';

/** By step: the parts that no later step of the batch needs. */
export const lastNeededBy = {
  /** The bodies of rejected messages are quarantined by the insert. */
  maskBatch: ({ bodies }: MaskRequest, { rejected }: MaskedBatch): Part<unknown>[] =>
    rejected === 0 ? [bodies] : [],

  /** The rows that Postgres refused are quarantined by a second insert. */
  insertBatch: ({ ids, masked, bodies }: InsertRequest, { refused }: InsertResult) =>
    refused.length === 0 ? [ids, masked, ...(bodies ? [bodies] : [])] : [],

  acknowledgeBatch: ({ receiptHandles }: AcknowledgeRequest): Part<unknown>[] => [receiptHandles],
};
