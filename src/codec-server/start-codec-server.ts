import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { Problem } from '../errors/problem.ts';
import { limitConnections, SERVER_TIMEOUTS, TLS_TIMEOUTS } from '../http/limit-connections.ts';
import { appendAuditRecord } from '../postgres/audit/append-audit-record.ts';
import { requestListener } from './answer-request.ts';
import { decodeRecorder } from './record-decodes.ts';

type RunningCodecServer = {
  url: string;
  /** Refuses new connections, answers the requests under way, then closes; cuts off what takes too long. */
  stop(): Promise<void>;
};

const IDLE_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

export async function startCodecServer(options: {
  settings: CodecServerSettings;
  keys: Keyring;
  pool: Pool;
  logger: Logger;
  allowEncode?: boolean;
}): Promise<RunningCodecServer> {
  const { settings, keys, pool, logger, allowEncode = false } = options;
  const server = settings.tls
    ? createHttpsServer({
        ...SERVER_TIMEOUTS,
        ...TLS_TIMEOUTS,
        ...settings.tls,
        minVersion: 'TLSv1.2',
      })
    : createHttpServer(SERVER_TIMEOUTS);
  // All of a proxy's connections have its address.
  const known = limitConnections(
    server,
    settings.behindTlsProxy ? { maxPerAddress: Infinity } : {},
  );
  const listener = requestListener({
    settings,
    logger,
    allowEncode,
    keys,
    record: decodeRecorder((record) => appendAuditRecord(pool, record)),
    known,
  });
  server.on('request', (request, response) => void listener(request, response));
  server.setTimeout(IDLE_MS);
  server.listen(settings.listen);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      'the codec server cannot listen',
      `${settings.listen.host}:${settings.listen.port} cannot be used (${error.code})`,
      error.code === 'EADDRINUSE'
        ? 'Another program listens there, perhaps the codec server that `npm start` runs. To use another port, change CODEC_SERVER_ADDRESS.'
        : 'Check CODEC_SERVER_ADDRESS.',
    );
  });
  return {
    url: urlOf(server.address() as AddressInfo, settings),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

function urlOf({ port }: AddressInfo, { listen, tls }: CodecServerSettings): string {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return `${tls ? 'https' : 'http'}://${host}:${port}`;
}
