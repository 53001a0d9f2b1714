import { isIP } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { isLoopback, parseHostAndPort } from '../config/host-and-port.ts';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { dataConverter } from '../crypto/payloads/data-converter.ts';
import { retriesUntilClosed } from './stop-retries.ts';
import { temporalAddress, temporalProblem } from './temporal-problem.ts';

const DEFAULT_PORT = 7233;
/** Together with the start of the program, an unreachable server is reported within five seconds. */
const CONNECT_TIMEOUT_MS = 2_500;

/**
 * Returns a client that has reached the server. Payload keys are needed to pass or read inputs, results and failures,
 * but not to read or stop schedules.
 * @throws Problem naming the setting
 */
export async function connectClient(
  settings: Config['temporal'],
  payloadKeys?: Keyring,
): Promise<Client> {
  const { namespace } = settings;
  const connection = lazyConnection(settings);
  try {
    await connection.ensureConnected();
  } catch (error) {
    await connection.close();
    throw temporalProblem(`Temporal at ${temporalAddress(settings)} cannot be used`, error);
  }
  return new Client({
    connection,
    namespace,
    ...(payloadKeys && { dataConverter: dataConverter(payloadKeys) }),
  });
}

/** Connects with the first call. An API key in a file is read for each call, since it may be replaced. */
export function lazyConnection({
  connectionOptions,
  currentApiKey,
}: Config['temporal']): Connection {
  const { address = 'localhost', tls, apiKey, metadata } = connectionOptions;
  const host = parseHostAndPort(address, { defaultPort: DEFAULT_PORT })?.host ?? '';
  const retries = retriesUntilClosed();
  const connection = Connection.lazy({
    interceptors: retries.interceptors,
    connectTimeout: CONNECT_TIMEOUT_MS,
    address,
    ...(tls !== undefined && { tls }),
    ...(apiKey && { apiKey: () => currentApiKey?.() ?? apiKey }),
    ...(metadata && { metadata }),
    // gRPC reads `http_proxy` from the environment, and no proxy reaches our loopback.
    ...(isLoopback(host) && { channelArgs: { 'grpc.enable_http_proxy': 0 } }),
  });
  retries.stopBeforeClose(connection);
  if (isIP(host) !== 0) omitIpServerName(connection);
  return connection;
}

/**
 * gRPC sends the host as TLS server name, also an IP address, which RFC 6066 forbids and Node warns about. Without a name,
 * Node still checks that the certificate is for the address.
 */
function omitIpServerName(connection: Connection): void {
  const credentials = connection.options.credentials as unknown as {
    _createSecureConnector(...args: unknown[]): { connectionOptions?: { servername?: string } };
  };
  const createConnector = credentials._createSecureConnector;
  credentials._createSecureConnector = (...args) => {
    const connector = createConnector.apply(credentials, args);
    const { connectionOptions } = connector;
    if (isIP(connectionOptions?.servername ?? '') !== 0) delete connectionOptions?.servername;
    return connector;
  };
}
