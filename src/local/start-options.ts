import { parseArgs } from 'node:util';

export type StartOptions = { once: boolean; reset: boolean; help: boolean };

export const USAGE = `Everything local: Temporal with its Web UI, an SQS endpoint, Postgres, the worker, a schedule.

  npm start                 start, send the samples, show what happens, stay up
  npm start -- --once       the same, then stop; exit code 0 only if every message was stored
  npm start -- --reset      forget rows, history and keys of earlier starts first

State is kept in .local/. Ctrl-C stops everything.
`;

/** @throws TypeError from the parser, naming the option it does not know */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}
