import type { Payload } from '@temporalio/common';
import {
  fromPart,
  isBound,
  isReference,
  isSealedPart,
  type Part,
  type PartKind,
  partId,
} from '../../batch/part.ts';
import { type PartCache, PartRefused } from '../../batch/part-cache.ts';
import { originOf } from '../../domain/payload-origin.ts';
import type { Keyring } from '../keys/keyring.ts';
import { jsonSealer } from './part-sealer.ts';
import { payloadCodec, sealedPartsOf } from './payload-codec.ts';
import { payloadConverter } from './payload-converter.ts';

/** An activity of a workflow, as a history names it. */
export type Step = { workflowId: string; activityId: string };

export type StepPayloads = {
  /** @throws UnknownPayloadKey, PartRefused unless it was sealed for this step */
  open<T>(step: Step, payload: Payload | null | undefined): Promise<T>;
  /** The parts of one history. */
  partsOf(workflowId: string): HistoryParts;
};

/** Opens the payloads of steps outside of them, as they are in a history: each only for the step that it was sealed for. */
export function stepPayloads(keyring: Keyring, namespace: string): StepPayloads {
  const codec = payloadCodec(keyring);
  const { openJson } = jsonSealer(keyring);
  return {
    async open<T>({ workflowId, activityId }: Step, payload: Payload | null | undefined) {
      const context = {
        type: 'activity',
        namespace,
        workflowId,
        activityId,
        isLocal: false,
      } as const;
      const [decoded] = payload ? await codec.decode([payload], context) : [];
      const value = decoded && payloadConverter.fromPayload<T>(decoded, context);
      const origin = originOf(value);
      if (!value || origin === 'refused' || origin === 'plain' || origin === 'unbound') {
        throw new PartRefused('a payload of a history is of another workflow or place');
      }
      return value;
    },
    partsOf: (workflowId) =>
      new HistoryParts(async (part) => openJson({ namespace, workflowId }, part)),
  };
}

type Opened = Awaited<ReturnType<ReturnType<typeof jsonSealer>['openJson']>>;

/** No recovery needs receipt handles. */
const KEPT: readonly PartKind[] = ['ids', 'bodies', 'masked', 'receipt'];

/** The sealed parts of a history that later steps refer to. */
export class HistoryParts implements Pick<PartCache, 'open'> {
  readonly #openJson: (part: Uint8Array) => Promise<Opened>;
  readonly #kept = new Map<string, { part: Uint8Array; batch: string; kind: PartKind }>();

  constructor(openJson: (part: Uint8Array) => Promise<Opened>) {
    this.#openJson = openJson;
  }

  /** Keeps the parts of a result until their batch is dropped. */
  keep(result: Payload): void {
    for (const part of sealedPartsOf(result)) {
      const { identity } = isSealedPart(part) ? fromPart(part) : {};
      if (identity && KEPT.includes(identity.kind))
        this.#kept.set(partId(part), { part, ...identity });
    }
  }

  /** Drops all parts of the batch that this one belongs to. */
  dropBatchOf(given: Part<unknown>): void {
    const batchId = this.#batchOf(given);
    for (const [id, { batch }] of this.#kept) if (batch === batchId) this.#kept.delete(id);
  }

  /**
   * The bodies of the batch that this part belongs to: an insert is only given them when it quarantines some.
   * @throws PartRefused when they are not in the history
   */
  async bodiesOf(given: Part<unknown>): Promise<string[]> {
    const batchId = this.#batchOf(given);
    const found = [...this.#kept.values()].find(
      ({ batch, kind }) => batch === batchId && kind === 'bodies',
    );
    if (!found) throw new PartRefused('the bodies of a batch are not in the history');
    return (await this.open<string[]>('bodies', found.part)).value;
  }

  #batchOf(given: Part<unknown>): string | undefined {
    return isReference(given)
      ? this.#kept.get(partId(given))?.batch
      : fromPart(given).identity?.batch;
  }

  async open<T>(kind: PartKind, given: Part<T>): Promise<{ value: T; batch: string | undefined }> {
    const part = isReference(given) ? this.#kept.get(partId(given))?.part : given;
    if (!part || !isBound(part))
      throw new PartRefused('a part is not in the history, or is unbound');
    const { json, identity } = await this.#openJson(part);
    if (identity?.kind !== kind) throw new PartRefused('a part is of another kind');
    return { value: JSON.parse(json) as T, batch: identity.batch };
  }
}
