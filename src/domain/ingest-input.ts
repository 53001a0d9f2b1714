/** The optional input of `ingestLogins`, as people type it into tctl, the CLI or a schedule. */
export type IngestInput = {
  /** Receive-mask-insert-acknowledge loops side by side. */
  lanes: number;
  /** Messages a batch, at most. */
  batchSize: number;
  /** Messages a run, at most; without it a run goes on until the queue is empty. */
  maxMessages: number;
  /** Bytes of bodies and handles a batch, at most. */
  maxBatchBytes: number;
  /** Child workflows that the drain is split into, each with lanes and a history of its own. */
  shards: number;
};

type Setting = { min: number; max: number; default: number };

/**
 * A batch may be smaller than `maxBatchBytes`: where its parts are in the history twice, when the run's history gets short of room
 * (see `history-budget.ts`), or where its messages compress too badly for Temporal's 2 MiB a payload, which up to the
 * default are no matter.
 */
export const INGEST_SETTINGS: Readonly<Record<keyof IngestInput, Setting>> = {
  lanes: { min: 1, max: 32, default: 3 },
  batchSize: { min: 1, max: 10_000, default: 4_000 },
  maxMessages: { min: 1, max: Number.MAX_SAFE_INTEGER, default: Number.MAX_SAFE_INTEGER },
  maxBatchBytes: { min: 1_024, max: 4_000_000, default: 2_000_000 },
  shards: { min: 1, max: 64, default: 1 },
};

/** Names the setting and the rule; the value is not repeated, since an input may hold anything. */
export class InvalidIngestInput extends Error {
  override name = 'InvalidIngestInput';
}

/**
 * Parses what a workflow was started with: nothing, `null`, or a JSON object with any of the settings.
 * @throws InvalidIngestInput listing every problem at once
 */
export function parseIngestInput(input: unknown): IngestInput {
  const given = input ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new InvalidIngestInput(
      `input: must be a JSON object with any of ${Object.keys(INGEST_SETTINGS).join(', ')}`,
    );
  }
  const problems: string[] = [];
  const settings = {} as IngestInput;
  for (const [name, rule] of Object.entries(INGEST_SETTINGS) as [keyof IngestInput, Setting][]) {
    const value = (given as Record<string, unknown>)[name] ?? rule.default;
    if (
      Number.isSafeInteger(value) &&
      (value as number) >= rule.min &&
      (value as number) <= rule.max
    ) {
      settings[name] = value as number;
    } else {
      problems.push(`${name}: must be a whole number from ${rule.min} to ${rule.max}`);
    }
  }
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(INGEST_SETTINGS, name));
  if (unknown.length > 0) {
    problems.push(
      `input: ${unknown.length} unknown setting(s); known are ${Object.keys(INGEST_SETTINGS).join(', ')}`,
    );
  }
  if (problems.length > 0) throw new InvalidIngestInput(problems.join('; '));
  return settings;
}
