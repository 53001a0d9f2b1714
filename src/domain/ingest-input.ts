import { type NumberRule, readNumbers, unknownSettings } from './input-settings.ts';

/** The optional input of `ingestLogins`, as people type it into tctl, the CLI or a schedule. */
export type IngestInput = {
  /** Concurrent receive-mask-insert-acknowledge loops. */
  lanes: number;
  /** The most messages of a batch. */
  batchSize: number;
  /** The most messages of a run. Default: it drains the queue. */
  maxMessages: number;
  /** The most bytes of bodies and handles of a batch. */
  maxBatchBytes: number;
  /** Child workflows that share the drain, each with its own lanes and history. */
  shards: number;
};

/**
 * A batch may be smaller than `maxBatchBytes`: when the history holds its parts twice, when the run's history runs out of
 * room (`history-budget.ts`), or when its messages compress too badly for Temporal's limit of 2 MiB per payload.
 */
export const INGEST_SETTINGS: Readonly<Record<keyof IngestInput, NumberRule>> = {
  lanes: { min: 1, max: 32, default: 3 },
  batchSize: { min: 1, max: 10_000, default: 4_000 },
  maxMessages: { min: 1, max: Number.MAX_SAFE_INTEGER, default: Number.MAX_SAFE_INTEGER },
  maxBatchBytes: { min: 1_024, max: 4_000_000, default: 2_000_000 },
  shards: { min: 1, max: 64, default: 1 },
};

/** Its message is sent in clear (`errors/clear-failures.ts`): it never contains a value. */
export class InvalidIngestInput extends Error {
  override name = 'InvalidIngestInput';
}

export const NOT_AN_OBJECT = `input: must be a JSON object with any of ${Object.keys(INGEST_SETTINGS).join(', ')}`;

/**
 * Parses a workflow's input: nothing, `null`, or a JSON object with any of the settings.
 * @throws InvalidIngestInput listing every problem at once
 */
export function parseIngestInput(input: unknown): IngestInput {
  const given = input ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw new InvalidIngestInput(NOT_AN_OBJECT);
  const values = given as Record<string, unknown>;
  const { settings, problems } = readNumbers(values, INGEST_SETTINGS);
  problems.push(...unknownSettings(values, Object.keys(INGEST_SETTINGS)));
  if (problems.length > 0) throw new InvalidIngestInput(problems.join('; '));
  return settings;
}

/** The settings of a run that decide how fast it is. */
type Tuning = Pick<IngestInput, 'lanes' | 'batchSize' | 'maxBatchBytes' | 'shards'>;

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
