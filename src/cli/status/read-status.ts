import type { TablesState } from '../../domain/tables/tables-state.ts';
import type { Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { type ConfiguredKeys, configuredKeys } from './configured-keys.ts';
import {
  type LedgerView,
  type MaskKeysView,
  type QuarantineView,
  type RowsView,
  readLedgerPart,
  readMaskKeysPart,
  readQuarantine,
  readRows,
  readTablesPart,
} from './postgres-parts.ts';
import { type QueueView, readQueue } from './queue-part.ts';
import { readSchedule, type ScheduleView } from './schedule-part.ts';
import {
  type LatestView,
  type RunningView,
  readLatest,
  readRunning,
  readWorkers,
  type WorkersView,
} from './temporal-parts.ts';

export type Status = {
  at: Date;
  queue: Part<QueueView>;
  schedule: Part<ScheduleView>;
  workers: Part<WorkersView>;
  running: Part<RunningView>;
  latest: Part<LatestView>;
  ledger: Part<LedgerView>;
  rows: Part<RowsView>;
  quarantine: Part<QuarantineView>;
  maskKeys: Part<MaskKeysView>;
  tables: Part<TablesState>;
  keys: ConfiguredKeys;
};

/** How long answers are kept that cost Postgres a scan. */
const ROWS_KEPT_MS = 30_000;
const MASK_KEYS_KEPT_MS = 300_000;

type StatusReader = (onAnswer?: (parts: number) => void) => Promise<Status>;

/** The number of parts, for a progress bar. */
export const PARTS = 10;

/** Asks all parts at the same time; each has its own time limit. */
export function statusReader(sources: Sources, { look }: { look: boolean }): StatusReader {
  const rows = keptFor(ROWS_KEPT_MS, () => readRows(sources));
  const maskKeys = keptFor(MASK_KEYS_KEPT_MS, () => readMaskKeysPart(sources));
  return async (onAnswer = () => undefined) => {
    let answered = 0;
    const counted = async <T>(part: Promise<T>): Promise<T> => {
      const answer = await part;
      answered += 1;
      onAnswer(answered);
      return answer;
    };
    const parts = await Promise.all([
      counted(readQueue(sources, look)),
      counted(readSchedule(sources)),
      counted(readWorkers(sources)),
      counted(readRunning(sources)),
      counted(readLatest(sources)),
      counted(readLedgerPart(sources)),
      counted(rows()),
      counted(readQuarantine(sources)),
      counted(maskKeys()),
      counted(readTablesPart(sources)),
    ]);
    const [queue, schedule, workers, running, latest, ledger, today, quarantine, used, tables] =
      parts;
    return {
      at: new Date(),
      queue,
      schedule,
      workers,
      running,
      latest,
      ledger,
      rows: today,
      quarantine,
      maskKeys: used,
      tables,
      keys: configuredKeys(),
    };
  };
}

function keptFor<T extends Part<object>>(ms: number, read: () => Promise<T>): () => Promise<T> {
  let kept: T | undefined;
  let until = 0;
  return async () => {
    if (kept?.reachable && performance.now() < until) return kept;
    kept = await read();
    until = performance.now() + ms;
    return kept;
  };
}
