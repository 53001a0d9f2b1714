import { Client, Connection } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { isLoopback, parseHostAndPort } from '../config/host-and-port.ts';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { dataConverter } from '../crypto/payloads/data-converter.ts';
import { temporalAddress, temporalProblem } from './temporal-problem.ts';

/** Together with the start of the program, an unreachable server is reported within five seconds. */
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Returns a client that has reached the server. Payload keys are needed to pass or read inputs, results and failures,
 * but not to read or stop schedules.
 * @throws Problem naming the setting
 */
export async function connectClient(
  settings: Config['temporal'],
  payloadKeys?: Keyring,
): Promise<Client> {
  const { connectionOptions, namespace } = settings;
  const connection = lazyConnection(connectionOptions);
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

/** Connects with the first call. */
export function lazyConnection(
  options: Config['temporal']['connectionOptions'],
  connectTimeoutMs: number = CONNECT_TIMEOUT_MS,
): Connection {
  const { address, tls, apiKey, metadata } = options;
  return Connection.lazy({
    connectTimeout: connectTimeoutMs,
    ...(address && { address }),
    ...(tls !== undefined && { tls }),
    ...(apiKey && { apiKey }),
    ...(metadata && { metadata }),
    // gRPC reads `http_proxy` from the environment, and no proxy reaches our loopback.
    ...(isLoopback(parseHostAndPort(address ?? 'localhost', 0)?.host ?? '') && {
      channelArgs: { 'grpc.enable_http_proxy': 0 },
    }),
  });
}
