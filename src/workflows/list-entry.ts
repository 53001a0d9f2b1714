import { upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { clearValue } from '../domain/clear-text.ts';
import type { Counts } from '../domain/counts.ts';
import { searchAttributePairs, type Trigger } from '../domain/search-attributes.ts';

/** Shows a run's counts and trigger in lists: always in its memo, and in search attributes where they are registered. */
export function showInLists(counts: Counts, searchable: boolean): void {
  upsertMemo({ trigger: clearValue(trigger()), counts: clearValue(counts) });
  if (searchable) upsertSearchAttributes(searchAttributePairs(trigger(), counts));
}

function trigger(): Trigger {
  const { cronSchedule, typedSearchAttributes } = workflowInfo();
  if (cronSchedule) return 'cron';
  const names = typedSearchAttributes.getAll().map(({ key }) => key.name);
  return names.includes('TemporalScheduledById') ? 'schedule' : 'manual';
}
