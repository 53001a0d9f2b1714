import type { Measurement } from './measure.ts';
import { spreadText, times, whole } from './number-texts.ts';
import type { Letter } from './options.ts';
import { type Spread, spread } from './statistics.ts';

export type Target = { text: string; measured: string; met: boolean };

const JOB: Letter = 'e';
/** The minimum ratio of the job's rate to that of each other contestant. */
const RATE_TARGETS: readonly { than: Letter; atLeast: number }[] = [
  { than: 'a', atLeast: 0.8 },
  { than: 'c', atLeast: 1.2 },
  { than: 'b', atLeast: 40 },
  { than: 'd', atLeast: 1 },
];
const MAX_HISTORY_BYTES_A_MESSAGE = 1_000;

/** Checks the targets whose contestants took part. Targets compare only rates of the same run, of (e) with fewest workers. */
export function targets(measurements: readonly Measurement[]): Target[] {
  const ofJob = measurements.filter(({ letter }) => letter === JOB);
  const fewest = Math.min(...ofJob.map(({ workers }) => workers));
  const job = ofJob.filter(({ workers }) => workers === fewest);
  const rates = RATE_TARGETS.flatMap(({ than, atLeast }) => {
    const ratio = ratioOfRates(job, (other) => other.letter === than, measurements);
    if (!ratio) return [];
    const text = `(${JOB}) at least ${times(atLeast)} × (${than})`;
    return [{ text, measured: spreadText(ratio, times), met: ratio.median >= atLeast }];
  });
  const bytes = historyBytesAMessage(job);
  if (!bytes) return rates;
  const history = {
    text: `(${JOB}) at most ${whole(MAX_HISTORY_BYTES_A_MESSAGE)} bytes of history a message`,
    measured: spreadText(bytes, whole),
    met: bytes.median <= MAX_HISTORY_BYTES_A_MESSAGE,
  };
  return [...rates, history];
}

/** The ratio per round, since a disturbance of the machine affects both rates of a round. */
export function ratioOfRates(
  of: readonly Measurement[],
  than: (other: Measurement) => boolean,
  measurements: readonly Measurement[],
): Spread | undefined {
  const ratios = of.flatMap((measurement) => {
    const other = measurements.find(
      (candidate) => than(candidate) && candidate.round === measurement.round,
    );
    return other ? [measurement.messagesPerSecond / other.messagesPerSecond] : [];
  });
  return ratios.length > 0 ? spread(ratios) : undefined;
}

export function historyBytesAMessage(measurements: readonly Measurement[]): Spread | undefined {
  const bytes = measurements.flatMap(({ history, messages }) =>
    history ? [history.bytes / messages] : [],
  );
  return bytes.length > 0 ? spread(bytes) : undefined;
}
