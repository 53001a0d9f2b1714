import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { Problem } from '../errors/problem.ts';
import { appendAuditRecord } from '../postgres/audit/append-audit-record.ts';
import { requestListener } from './answer-request.ts';
import { decodeRecorder } from './record-decodes.ts';

export type RunningCodecServer = {
  url: string;
  /** Takes no more connections, answers what is in hand, then closes; what takes too long is cut off. */
  stop(): Promise<void>;
};

const TIMEOUTS = { requestTimeout: 15_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 };
const IDLE_MS = 30_000;
const MAX_CONNECTIONS = 200;
const STOP_WITHIN_MS = 10_000;

/** Listens; who may ask, and what of, is in the settings. */
export async function startCodecServer(options: {
  settings: CodecServerSettings;
  keys: Keyring;
  pool: Pool;
  logger: Logger;
  allowEncode?: boolean;
}): Promise<RunningCodecServer> {
  const { settings, keys, pool, logger, allowEncode = false } = options;
  const listener = requestListener({
    settings,
    logger,
    allowEncode,
    keys,
    record: decodeRecorder((record) => appendAuditRecord(pool, record)),
  });
  const listen = (...args: Parameters<typeof listener>) => void listener(...args);
  const server = settings.tls
    ? createHttpsServer({ ...TIMEOUTS, ...settings.tls, minVersion: 'TLSv1.2' }, listen)
    : createHttpServer(TIMEOUTS, listen);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  server.listen(settings.listen);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      'the codec server cannot listen',
      `its address cannot be used (${error.code})`,
      'Check CODEC_SERVER_ADDRESS.',
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
