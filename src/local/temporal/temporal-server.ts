import { SEARCH_ATTRIBUTE_TYPES } from '../../domain/search-attributes.ts';
import { isPortFree } from '../ports/free-port.ts';
import { onFreePort, PortTakenError } from '../ports/port-taken.ts';
import { startProcess } from '../process/child-process.ts';
import { untilReady } from '../process/server-readiness.ts';
import { probeTemporal } from './temporal-probe.ts';

type SearchAttributeType =
  | 'Text'
  | 'Keyword'
  | 'Int'
  | 'Double'
  | 'Bool'
  | 'Datetime'
  | 'KeywordList';

export type TemporalServerOptions = {
  readonly binary: string;
  /** Default: a free port. */
  readonly port?: number | undefined;
  /** Default: no Web UI. */
  readonly uiPort?: number | undefined;
  /** The codec server of the Web UI. Default: none. */
  readonly uiCodecEndpoint?: string | undefined;
  /** Default: state is kept in memory and ends with the server. */
  readonly databaseFile?: string | undefined;
  readonly logFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeType>> | undefined;
};

export type TemporalServer = {
  /** host:port, as in TEMPORAL_ADDRESS. */
  readonly address: string;
  readonly uiAddress: string | undefined;
  readonly pid: number;
  /** Settles when the server has ended. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
};

const name = 'The Temporal server';

/**
 * A dev server has one history shard, which by default polls for new tasks only 20 times a second and would delay every
 * step of every workflow.
 */
const oneShard = {
  'history.transferProcessorMaxPollRPS': 1_000,
  'history.timerProcessorMaxPollRPS': 1_000,
};
const readyTimeoutMs = 30_000;

export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { uiPort } = options;
  if (uiPort !== undefined && !(await isPortFree(uiPort))) {
    throw new PortTakenError(`Port ${uiPort} (Temporal Web UI) is taken: something listens on it`);
  }
  return await onFreePort(options.port, (port) => startOn(port, options));
}

async function startOn(port: number, options: TemporalServerOptions): Promise<TemporalServer> {
  options.signal?.throwIfAborted();
  const address = `127.0.0.1:${port}`;
  const uiAddress = options.uiPort === undefined ? undefined : `http://127.0.0.1:${options.uiPort}`;
  const server = await startProcess({
    name,
    command: options.binary,
    args: commandLine(port, options),
    logFile: options.logFile,
    // Passes none of our variables: TEMPORAL_* settings are for clients, and the server must not see keys. Windows
    // programs do not start without the system's variables.
    env: process.platform === 'win32' ? undefined : { GOGC: '400' },
  });
  await untilReady({
    name,
    server,
    timeoutMs: readyTimeoutMs,
    signal: options.signal,
    probe: () => probeTemporal(port, uiAddress),
  });
  const { pid, stop, kill } = server;
  return { address, uiAddress, pid, exited: server.exited.then(() => {}), stop, kill };
}

function commandLine(port: number, options: TemporalServerOptions): string[] {
  const {
    uiPort,
    uiCodecEndpoint,
    databaseFile,
    dynamicConfig = {},
    searchAttributes = SEARCH_ATTRIBUTE_TYPES,
  } = options;
  return [
    ...['server', 'start-dev', '--log-level', 'warn', '--ip', '127.0.0.1', '--port', `${port}`],
    ...(uiPort === undefined
      ? ['--headless']
      : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)]),
    ...(uiCodecEndpoint === undefined ? [] : ['--ui-codec-endpoint', uiCodecEndpoint]),
    ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
    ...Object.entries({ ...oneShard, ...dynamicConfig }).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${JSON.stringify(value)}`,
    ]),
    ...Object.entries(searchAttributes).flatMap(([key, type]) => [
      '--search-attribute',
      `${key}=${type}`,
    ]),
  ];
}
