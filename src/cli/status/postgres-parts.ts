import type { TablesState } from '../../domain/tables/tables-state.ts';
import { countRowsOfToday } from '../../postgres/logins/count-rows.ts';
import {
  MASK_KEY_DAYS,
  type MaskKeyUse,
  readMaskKeys,
} from '../../postgres/logins/read-mask-keys.ts';
import { readTables } from '../../postgres/partitions/read-tables.ts';
import {
  type QuarantineReason,
  readQuarantineReasons,
} from '../../postgres/quarantine/read-quarantine-reasons.ts';
import { type LatestRuns, readLastSuccess, readLatestRuns } from '../../postgres/runs/read-runs.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';

const CHECK_POSTGRES =
  'Check DATABASE_URL (or PGHOST, …) and the role in it. `login-etl doctor` checks each part.';

export const postgres = (sources: Sources) => ({
  tried: sources.tried.postgres,
  whatToDo: CHECK_POSTGRES,
});

export const RECENT_HOURS = 24;
export const RECENT_RUNS = 5;

export type LedgerView = LatestRuns & { sinceHours: number; lastSuccessAt: Date | null };

export const readLedgerPart = (sources: Sources): Promise<Part<LedgerView>> =>
  ask(postgres(sources), async () => {
    const since = new Date(Date.now() - RECENT_HOURS * 3_600_000);
    const [latest, lastSuccessAt] = await Promise.all([
      readLatestRuns(await sources.pool(), { since, withEmpty: false, limit: RECENT_RUNS }),
      readLastSuccess(await sources.pool()),
    ]);
    return { sinceHours: RECENT_HOURS, ...latest, lastSuccessAt };
  });

export type RowsView = { today: number };

export const readRows = (sources: Sources): Promise<Part<RowsView>> =>
  ask(postgres(sources), async () => ({ today: await countRowsOfToday(await sources.pool()) }));

export type QuarantineView = { messages: number; reasons: QuarantineReason[] };

export const readQuarantine = (sources: Sources): Promise<Part<QuarantineView>> =>
  ask(postgres(sources), async () => {
    const reasons = await readQuarantineReasons(await sources.pool());
    return { messages: reasons.reduce((sum, { messages }) => sum + messages, 0), reasons };
  });

export type MaskKeysView = { days: number; keys: MaskKeyUse[] };

export const readMaskKeysPart = (sources: Sources): Promise<Part<MaskKeysView>> =>
  ask(postgres(sources), async () => ({
    days: MASK_KEY_DAYS,
    keys: await readMaskKeys(await sources.pool()),
  }));

export const readTablesPart = (sources: Sources): Promise<Part<TablesState>> =>
  ask(postgres(sources), async () => readTables(await sources.pool()));
