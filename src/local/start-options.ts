import { parseArgs } from 'node:util';
import { inheritedEnvironment } from '../config/process-environment.ts';
import {
  type AskedPorts,
  askedPorts,
  PORT_NAMES,
  portOption,
  portVariable,
  USUAL_PORTS,
} from './ports/local-ports.ts';

export type StartOptions = { once: boolean; reset: boolean; help: boolean; ports: AskedPorts };

const portLines = PORT_NAMES.map(
  (name) =>
    `  --${portOption(name).padEnd(20)} or ${portVariable(name).padEnd(24)} ${USUAL_PORTS[name]}`,
).join('\n');

const portOptions = Object.fromEntries(
  PORT_NAMES.map((name) => [portOption(name), { type: 'string' as const }]),
);

export const USAGE = `Everything local: Temporal with its Web UI, an SQS endpoint, Postgres, the worker, a schedule.

  npm start                 start, send the samples, show what happens, stay up
  npm start -- --once       the same, then stop; exit code 0 only if every message was stored
  npm start -- --reset      forget rows, history and keys of earlier starts first

Ports, by option or environment variable. Without one: the port of the last start, or this one, or any that is free.
${portLines}

State is kept in .local/. Ctrl-C stops everything.
`;

/** @throws TypeError from the parser, naming the option it does not know; Problem for what is not a port */
export function parseStartOptions(
  args: readonly string[],
  env = inheritedEnvironment(),
): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      ...portOptions,
    },
  });
  const { once, reset, help } = values;
  return { once, reset, help, ports: askedPorts(values, env) };
}
