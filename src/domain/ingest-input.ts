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

type Setting = { min: number; max: number; default: number };

/**
 * A batch may be smaller than `maxBatchBytes`: when the history holds its parts twice, when the run's history runs out of
 * room (`history-budget.ts`), or when its messages compress too badly for Temporal's limit of 2 MiB per payload.
 */
export const INGEST_SETTINGS: Readonly<Record<keyof IngestInput, Setting>> = {
  lanes: { min: 1, max: 32, default: 3 },
  batchSize: { min: 1, max: 10_000, default: 4_000 },
  maxMessages: { min: 1, max: Number.MAX_SAFE_INTEGER, default: Number.MAX_SAFE_INTEGER },
  maxBatchBytes: { min: 1_024, max: 4_000_000, default: 2_000_000 },
  shards: { min: 1, max: 64, default: 1 },
};

/** Names the setting and the rule, never the value: an input may contain anything. */
export class InvalidIngestInput extends Error {
  override name = 'InvalidIngestInput';
}

/**
 * Parses a workflow's input: nothing, `null`, or a JSON object with any of the settings.
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
