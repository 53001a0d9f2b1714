import type { IngestInput } from './ingest-input.ts';

/** The settings of a run that decide how fast it is. */
export type Tuning = Pick<IngestInput, 'lanes' | 'batchSize' | 'maxBatchBytes' | 'shards'>;

/** What a run without such settings chose, and for how many messages. */
export type ChosenTuning = Tuning & { backlog: number };

const NAMES = ['lanes', 'batchSize', 'maxBatchBytes', 'shards'] as const satisfies (keyof Tuning)[];

/** The first batch of a drain is small: the other lanes start when it shows that the queue has messages. */
export const FIRST_BATCH_MESSAGES = 500;

/** The fastest input measured for a backlog (docs/decisions/0008). */
const FOR_BACKLOG: Tuning = { lanes: 2, shards: 2, batchSize: 6_000, maxBatchBytes: 3_200_000 };
/** For fewer messages, starting the shards takes longer than they save. */
const BACKLOG_FROM_MESSAGES = 15_000;

/** Whether an input leaves the choice to the run. */
export const tunesItself = (input: unknown): boolean => {
  const given = (input ?? {}) as Record<string, unknown>;
  return NAMES.every((name) => (given[name] ?? null) === null);
};

/**
 * @param backlog about how many messages wait in the queue
 * @returns undefined when the defaults suit
 */
export const tuningFor = (backlog: number): Tuning | undefined =>
  backlog >= BACKLOG_FROM_MESSAGES ? FOR_BACKLOG : undefined;

export const describeChosen = (chosen: ChosenTuning): string =>
  `chosen for a backlog of about ${chosen.backlog} messages: ${chosen.shards} shards of ${chosen.lanes} lanes, ` +
  `batches of up to ${chosen.batchSize} messages and ${chosen.maxBatchBytes} bytes`;
