import { openBento } from './bento.ts';
import type { Contestant } from './contestant.ts';
import { openLoginEtl } from './login-etl.ts';
import { openOwnProgram } from './own-program.ts';

const ceiling = (calls: 'job' | 'sdk'): Contestant['open'] => {
  return (round) =>
    openOwnProgram('receive-delete.ts', round, {
      BENCH_CEILING_LOOPS: String(round.options.ceilingLoops),
      BENCH_CEILING_CALLS: calls,
    });
};

/** In the order of their measurements. */
export const CONTESTANTS: readonly Contestant[] = [
  { letter: 'a', name: 'receive-delete', table: 'none', open: ceiling('sdk') },
  {
    letter: 'b',
    name: 'per-record',
    table: 'seven columns',
    open: (round) => openOwnProgram('per-record.ts', round),
  },
  {
    letter: 'c',
    name: 'sqs-consumer',
    table: 'user_logins',
    open: (round) => openOwnProgram('sqs-consumer.ts', round),
  },
  { letter: 'd', name: 'bento', table: 'user_logins', open: openBento },
  { letter: 'e', name: 'login-etl', table: 'user_logins', open: openLoginEtl },
  { letter: 'f', name: 'receive-delete-raw', table: 'none', open: ceiling('job') },
];
