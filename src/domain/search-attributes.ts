import { defineSearchAttributeKey } from '@temporalio/common';
import type { Counts } from './counts.ts';

/**
 * Find runs in the Web UI and in list queries, such as `LoginEtlQuarantined > 0`. They contain only counts and are set when
 * a run ends, if the namespace has them (`docs/runs.md`, "Finding runs").
 */
const SEARCH_ATTRIBUTES = {
  trigger: defineSearchAttributeKey('LoginEtlTrigger', 'KEYWORD'),
  received: defineSearchAttributeKey('LoginEtlReceived', 'INT'),
  duplicates: defineSearchAttributeKey('LoginEtlDuplicates', 'INT'),
  quarantined: defineSearchAttributeKey('LoginEtlQuarantined', 'INT'),
} as const;

/** Types by name, as Temporal's command line and server options spell them. */
export const SEARCH_ATTRIBUTE_TYPES = {
  LoginEtlTrigger: 'Keyword',
  LoginEtlReceived: 'Int',
  LoginEtlDuplicates: 'Int',
  LoginEtlQuarantined: 'Int',
} as const;

export type Trigger = 'schedule' | 'cron' | 'manual';

export const searchAttributePairs = (trigger: Trigger, counts: Counts) => [
  { key: SEARCH_ATTRIBUTES.trigger, value: trigger },
  { key: SEARCH_ATTRIBUTES.received, value: counts.received },
  { key: SEARCH_ATTRIBUTES.duplicates, value: counts.duplicates },
  { key: SEARCH_ATTRIBUTES.quarantined, value: counts.quarantined },
];
