import { clearSummary } from './clear-text.ts';
import { INGEST_SETTINGS, type IngestInput } from './ingest-input.ts';

/** The static summary and details of a run, by which people tell runs apart in the Web UI. */
type RunDescription = { staticSummary: string; staticDetails: string };

/**
 * Readable without a key, so they contain only fixed texts and the numbers of known settings.
 * @param startedBy such as `by the schedule`
 */
export function describeStart(
  startedBy: string,
  input: Readonly<Partial<IngestInput>> = {},
): RunDescription {
  const given = (Object.keys(INGEST_SETTINGS) as (keyof IngestInput)[]).filter(
    (name) => Number.isSafeInteger(input[name]) && input[name] !== INGEST_SETTINGS[name].default,
  );
  const settings = given.map((name) => `${name} ${input[name]}`);
  return {
    staticSummary: clearSummary([startedBy, ...settings].join(', ')),
    staticDetails: clearSummary(
      [
        `Drains the queue. Started ${startedBy}.`,
        ...(settings.length > 0 ? [`Settings: ${settings.join(', ')}.`] : []),
        'The current details show its counts, and at the end its outcome.',
      ].join('\n\n'),
    ),
  };
}
