import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { Problem } from '../../errors/problem.ts';
import { freePort, isPortFree } from './free-port.ts';

/** Ports of `npm start`: each has an option, `--sqs-port`, and an environment variable, `LOCAL_SQS_PORT`. */
export const USUAL_PORTS = {
  temporal: 7233,
  'web-ui': 8233,
  'codec-server': 8234,
  api: 8235,
  sqs: 4566,
  postgres: 5432,
} as const;

type PortName = keyof typeof USUAL_PORTS;
export const PORT_NAMES = Object.keys(USUAL_PORTS) as PortName[];

export type AskedPorts = Partial<Record<PortName, number>>;

export const portOption = (name: PortName) => `${name}-port` as const;
export const portVariable = (name: PortName) =>
  `LOCAL_${name.toUpperCase().replaceAll('-', '_')}_PORT`;

const port = z.coerce.number().int().min(1).max(65_535);
const remembered = z.partialRecord(z.enum(PORT_NAMES), port).catch({});

/**
 * The requested ports. An option takes precedence over its variable.
 * @throws Problem naming the option or the variable that is not a port
 */
export function askedPorts(
  options: Partial<Record<string, string | boolean>>,
  env: NodeJS.ProcessEnv,
): AskedPorts {
  const asked: AskedPorts = {};
  for (const name of PORT_NAMES) {
    const option = options[portOption(name)];
    const text = typeof option === 'string' ? option : env[portVariable(name)];
    if (text === undefined || text.trim() === '') continue;
    const parsed = port.safeParse(text.trim());
    if (!parsed.success) {
      throw new Problem(
        'nothing was started',
        `${typeof option === 'string' ? `--${portOption(name)}` : portVariable(name)} is not a port`,
        'A port is a whole number from 1 to 65535.',
      );
    }
    asked[name] = parsed.data;
  }
  return asked;
}

export type LocalPorts = {
  /** @throws Problem when the requested port is taken */
  choose(name: PortName): Promise<number>;
  /** The usual port, if it was taken and no other was requested. */
  missed(name: PortName): number | undefined;
  /** Saves the chosen ports for the next start. */
  remember(): Promise<void>;
};

/** Chooses the requested port, otherwise the first free one of: that of the last start, the usual one, any. */
export async function localPorts(file: string, asked: AskedPorts): Promise<LocalPorts> {
  const last = await readLast(file);
  const chosen: AskedPorts = {};
  return {
    async choose(name) {
      const wanted = asked[name];
      if (wanted !== undefined && !(await isPortFree(wanted))) {
        throw new Problem(
          'the local stack was not started',
          `port ${wanted}, set by ${portVariable(name)} or --${portOption(name)}, is taken`,
          `Stop the program that listens there (\`ss -ltnp 'sport = :${wanted}'\` shows it), or choose another port.`,
        );
      }
      const before = last[name];
      const free = before !== undefined && (await isPortFree(before)) ? before : undefined;
      chosen[name] = wanted ?? free ?? (await freePort(USUAL_PORTS[name]));
      return chosen[name];
    },
    missed: (name) =>
      asked[name] === undefined && chosen[name] !== USUAL_PORTS[name]
        ? USUAL_PORTS[name]
        : undefined,
    remember: () => writeFile(file, `${JSON.stringify(chosen)}\n`, { mode: 0o600 }),
  };
}

async function readLast(file: string): Promise<AskedPorts> {
  try {
    return remembered.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}
