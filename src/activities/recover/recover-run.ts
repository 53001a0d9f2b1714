import type { temporal } from '@temporalio/proto';
import type { InsertRequest, InsertResult, Rejected } from '../../batch/batch.ts';
import { PartRefused } from '../../batch/part-cache.ts';
import type { HistoryParts, Step, StepPayloads } from '../../crypto/payloads/step-payloads.ts';
import { UnknownPayloadKey } from '../../crypto/payloads/unknown-payload-key.ts';
import type { RecoveryProgress } from '../../domain/recovery/recovery.ts';
import type { RunRecord } from '../../domain/run-record.ts';
import { readRecorded } from '../../postgres/recovery/recovery-records.ts';
import { closeRun } from '../../postgres/runs/close-run.ts';
import type { KnownOriginals } from '../ingest/known-originals.ts';
import {
  type OpenedRequest,
  openRequest,
  type StoreDependencies,
  storeRequest,
} from '../ingest/store-request.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payload = temporal.api.common.v1.IPayload;
type Named = { activity?: string };

export type RecoverDependencies = StoreDependencies & {
  payloads: StepPayloads;
  known: KnownOriginals;
};

/** A step that is scheduled in the history, and not completed yet. */
type Scheduled = { type: string; step: Step; argument: Payload | undefined };

/** What is known of a run's batches: from the database, or because they were stored just now. */
type Stored = { inserted: number; quarantined: number; duplicates: number };
type Recorded = {
  batches: Map<string, Stored | undefined>;
  /** The batches that this recovery has stored. */
  restored: Set<string>;
  closed: boolean;
  complete: boolean;
};

const STEPS = ['insertBatch', 'recordRun'];
const keyOf = (number: number, ofRefused: boolean): string => `${number}/${ofRefused}`;

/**
 * Reads a run's history from its begin, and stores each batch again that the history says was committed and that the
 * database lacks, with its original run and number. Memory holds only the parts of batches that are not committed yet at
 * that place of the history.
 */
export class RunRecovery {
  readonly #workflowId: string;
  readonly #requestId: string;
  readonly #dependencies: RecoverDependencies;
  readonly #progress: RecoveryProgress;
  readonly #parts: HistoryParts;
  readonly #scheduled = new Map<string, Scheduled>();
  /** By run: a run that was reset has steps of the one before in its history. */
  readonly #runs = new Map<string, Recorded>();
  #allReadable = true;

  constructor(
    dependencies: RecoverDependencies,
    workflowId: string,
    requestId: string,
    progress: RecoveryProgress,
  ) {
    this.#dependencies = dependencies;
    this.#workflowId = workflowId;
    this.#requestId = requestId;
    this.#progress = progress;
    this.#parts = dependencies.payloads.partsOf(workflowId);
  }

  async event(event: HistoryEvent): Promise<void> {
    const { activityTaskScheduledEventAttributes: scheduled } = event;
    if (scheduled) {
      const type = scheduled.activityType?.name ?? '';
      if (!STEPS.includes(type)) return;
      const step = { workflowId: this.#workflowId, activityId: scheduled.activityId ?? '' };
      const [argument] = scheduled.input?.payloads ?? [];
      this.#scheduled.set(String(event.eventId), { type, step, argument });
      return;
    }
    const completed = event.activityTaskCompletedEventAttributes;
    const ended =
      completed ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    if (!ended) return;
    const id = String(ended.scheduledEventId);
    const done = this.#scheduled.get(id);
    this.#scheduled.delete(id);
    if (!completed) return;
    const [result] = completed.result?.payloads ?? [];
    if (result) this.#parts.keep(result);
    if (done?.type === 'insertBatch') await this.#insert(done, result);
    if (done?.type === 'recordRun') await this.#close(done);
  }

  async #insert({ step, argument }: Scheduled, result: Payload | undefined): Promise<void> {
    const { counts, missingKeys } = this.#progress;
    let run: Recorded | undefined;
    try {
      const request = await this.#open<InsertRequest>('insertBatch', step, argument);
      if (request.batch.workflowId !== this.#workflowId) throw new PartRefused('another workflow');
      run = await this.#recorded(request.batch.runId);
      await this.#insertMissing(request, run, step, result);
    } catch (error) {
      const isKey = error instanceof UnknownPayloadKey;
      if (!isKey && !(error instanceof PartRefused)) throw error;
      counts.batches += 1;
      counts[isKey ? 'keyMissing' : 'unreadable'] += 1;
      if (isKey && !missingKeys.includes(error.keyId)) missingKeys.push(error.keyId);
      // The counts of a run that is not read as a whole are those that it recorded itself.
      if (run) run.complete = false;
      else this.#allReadable = false;
    }
  }

  async #insertMissing(
    request: InsertRequest,
    run: Recorded,
    step: Step,
    result: Payload | undefined,
  ): Promise<void> {
    const { counts } = this.#progress;
    const key = keyOf(request.batch.number, request.refused !== undefined);
    if (run.restored.has(key)) return;
    const answer = await this.#dependencies.payloads.open<InsertResult>(step, result);
    if (run.batches.has(key)) {
      const { inserted, quarantined, duplicates } = run.batches.get(key) ?? answer;
      run.batches.set(key, { inserted, quarantined, duplicates });
      counts.alreadyThere += inserted + quarantined + duplicates;
      counts.found += inserted + quarantined + duplicates;
    } else {
      const opened = await openRequest(this.#parts, request);
      const receipt = answer.receipt && (await this.#parts.open('receipt', answer.receipt));
      // Sealed by the worker that committed the batch: a result that was copied from elsewhere does not have it.
      if (!receipt || receipt.batch !== opened.batchId) throw new PartRefused('no receipt');
      await this.#store(request, opened, run);
    }
    counts.batches += 1;
    if (answer.refused.length === 0) this.#parts.dropBatchOf(request.ids);
  }

  /** A batch of which Postgres refuses rows now is stored as a run does it: a second insert quarantines them. */
  async #store(request: InsertRequest, opened: OpenedRequest, run: Recorded): Promise<void> {
    const { counts } = this.#progress;
    const store = async (refused: Rejected[] | undefined, bodies: readonly string[]) => {
      const { stored } = await storeRequest(
        this.#dependencies,
        this.#dependencies.known,
        { ...request, refused },
        { ...opened, bodies },
        {},
        this.#requestId,
      );
      const { inserted, quarantined, duplicates } = stored;
      counts.inserted += inserted;
      counts.quarantined += quarantined;
      counts.alreadyThere += duplicates;
      counts.found += inserted + quarantined + duplicates;
      const key = keyOf(request.batch.number, refused !== undefined);
      run.batches.set(key, { inserted, quarantined, duplicates });
      run.restored.add(key);
      return stored.refused;
    };
    const refused = await store(request.refused, opened.bodies);
    if (request.refused) return;
    // Also if the history has a second insert: it was of the rows that Postgres refused then.
    run.restored.add(keyOf(request.batch.number, true));
    if (refused.length > 0) await store(refused, await this.#parts.bodiesOf(request.ids));
  }

  /** Writes the run's row in the ledger, unless it is closed there. */
  async #close({ step, argument }: Scheduled): Promise<void> {
    const record = await this.#open<RunRecord>('recordRun', step, argument).catch(
      (error: unknown) => {
        if (error instanceof UnknownPayloadKey || error instanceof PartRefused) return undefined;
        throw error;
      },
    );
    if (record?.workflowId !== this.#workflowId) return;
    const run = await this.#recorded(record.runId);
    if (run.closed) return;
    const counts =
      run.complete && this.#allReadable
        ? { ...record.counts, ...sumOf(run.batches.values()) }
        : record.counts;
    await closeRun(this.#dependencies.pool, { ...record, counts }, this.#dependencies.workerBuild);
    run.closed = true;
  }

  /** @throws UnknownPayloadKey, PartRefused */
  async #open<T>(activity: string, step: Step, argument: Payload | undefined): Promise<T> {
    const request = await this.#dependencies.payloads.open<T & Named>(step, argument);
    if (request.activity !== activity) throw new PartRefused('the argument of another activity');
    return request;
  }

  async #recorded(runId: string): Promise<Recorded> {
    const known = this.#runs.get(runId);
    if (known) return known;
    const { batches, closed } = await readRecorded(this.#dependencies.pool, runId);
    const run: Recorded = {
      batches: new Map(
        batches.map(({ number, ofRefused, duplicates, ...stored }) => [
          keyOf(number, ofRefused),
          duplicates === null ? undefined : { ...stored, duplicates },
        ]),
      ),
      restored: new Set(),
      closed,
      complete: true,
    };
    this.#runs.set(runId, run);
    return run;
  }
}

function sumOf(all: Iterable<Stored | undefined>): Stored {
  const sum = { inserted: 0, quarantined: 0, duplicates: 0 };
  for (const each of all) {
    if (!each) continue;
    sum.inserted += each.inserted;
    sum.quarantined += each.quarantined;
    sum.duplicates += each.duplicates;
  }
  return sum;
}
