import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { CodecServerSettings } from '../config/sections/codec-server-section.ts';
import type { Keyring } from '../crypto/keys/keyring.ts';
import { limitConnections } from '../http/limit-connections.ts';
import { closeServer, createServer, listenAt } from '../http/serve.ts';
import { appendAuditRecord } from '../postgres/audit/append-audit-record.ts';
import { requestListener } from './answer-request.ts';
import { decodeRecorder } from './record-decodes.ts';

type RunningCodecServer = {
  url: string;
  stop(): Promise<void>;
};

export async function startCodecServer(options: {
  settings: CodecServerSettings;
  keys: Keyring;
  pool: Pool;
  logger: Logger;
  allowEncode?: boolean;
}): Promise<RunningCodecServer> {
  const { settings, keys, pool, logger, allowEncode = false } = options;
  const server = createServer(settings);
  const listener = requestListener({
    settings,
    logger,
    allowEncode,
    keys,
    record: decodeRecorder((record) => appendAuditRecord(pool, record)),
    known: limitConnections(server, settings),
  });
  server.on('request', (request, response) => void listener(request, response));
  const url = await listenAt(server, settings, {
    name: 'codec server',
    setting: 'CODEC_SERVER_ADDRESS',
  });
  return { url, stop: () => closeServer(server) };
}
