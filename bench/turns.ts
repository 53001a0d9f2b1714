import type { Contestant } from './contestant.ts';
import { CONTESTANTS } from './contestants.ts';
import type { BenchOptions } from './options.ts';

export type Turn = { contestant: Contestant; round: number; messages: number };

/** Every measurement that is to be taken, in order: all contestants of a round, then the next round. */
export function turnsOf(options: BenchOptions, hasBento: boolean): Turn[] {
  const rounds = Array.from({ length: options.rounds }, (_, index) => index + 1);
  return rounds.flatMap((round) =>
    options.scale ? scaleRound(options.scale, round) : comparisonRound(options, round, hasBento),
  );
}

function scaleRound(sizes: readonly number[], round: number): Turn[] {
  const job = CONTESTANTS.filter(({ letter }) => letter === 'e');
  return sizes.flatMap((messages) => job.map((contestant) => ({ contestant, round, messages })));
}

function comparisonRound(options: BenchOptions, round: number, hasBento: boolean): Turn[] {
  return CONTESTANTS.filter(
    ({ letter }) => options.only.includes(letter) && (letter !== 'd' || hasBento),
  ).map((contestant) => ({
    contestant,
    round,
    messages: contestant.letter === 'b' ? options.perRecordMessages : options.messages,
  }));
}
