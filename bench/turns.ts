import type { Contestant } from './contestant.ts';
import { CONTESTANTS } from './contestants.ts';
import type { BenchOptions } from './options.ts';

export type Turn = {
  contestant: Contestant;
  round: number;
  messages: number;
  /** Worker processes of (e). */
  workers: number;
  /** Messages that the contestant's process handles before the clock starts. */
  warmMessages: number;
};

/** All measurements in order: all contestants of a round, then the next round. */
export function turnsOf(options: BenchOptions, hasBento: boolean): Turn[] {
  const rounds = Array.from({ length: options.rounds }, (_, index) => index + 1);
  return rounds.flatMap((round) =>
    options.scale
      ? scaleRound(options, options.scale, round)
      : comparisonRound(options, round, hasBento),
  );
}

/** The same warm-up for small and large backlogs, so that only their size differs. */
function scaleRound(
  { warmMessages, workers }: BenchOptions,
  sizes: readonly number[],
  round: number,
): Turn[] {
  const job = CONTESTANTS.filter(({ letter }) => letter === 'e');
  return sizes.flatMap((messages) =>
    job.flatMap((contestant) =>
      workers.map((count) => ({ contestant, round, messages, warmMessages, workers: count })),
    ),
  );
}

function comparisonRound(options: BenchOptions, round: number, hasBento: boolean): Turn[] {
  return CONTESTANTS.filter(
    ({ letter }) => options.only.includes(letter) && (letter !== 'd' || hasBento),
  ).flatMap((contestant) => {
    const messages = contestant.letter === 'b' ? options.perRecordMessages : options.messages;
    // No more than are timed: ten thousand would take the per-record contestant more than a minute.
    const warmMessages = Math.min(options.warmMessages, messages);
    const counts = contestant.letter === 'e' ? options.workers : [1];
    return counts.map((workers) => ({ contestant, round, messages, warmMessages, workers }));
  });
}
