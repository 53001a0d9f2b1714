import { Writable } from 'node:stream';
import type { Payload } from '@temporalio/common';
import { afterAll, onTestFinished } from 'vitest';
import { formatPayloads } from '../../src/codec-server/payloads-json.ts';
import { startCodecServer } from '../../src/codec-server/start-codec-server.ts';
import type { CodecServerSettings } from '../../src/config/sections/codec-server-section.ts';
import type { Keyring } from '../../src/crypto/keys/keyring.ts';
import { payloadCodec } from '../../src/crypto/payloads/payload-codec.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { createLogger } from '../../src/telemetry/logs/logger.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';

export const TOKEN = 'k3yboard-cat-0123456789-abcdef-0123456789';
export const UI_ORIGIN = 'https://temporal.example';

export type StartedCodecServer = {
  url: string;
  database: TestDatabase;
  keys: Keyring;
  /** Everything that it has logged. */
  log(): string;
  /** Encrypts a value, as the worker does. */
  seal(value: unknown, keys?: Keyring): Promise<Payload>;
  /** POST /decode. */
  decode(payloads: Payload[], headers?: Record<string, string>, path?: string): Promise<Response>;
  /** The audit records since it started. */
  records(): Promise<{ action: string; reason: string; detail: Record<string, unknown> }[]>;
  stop(): Promise<void>;
};

type StartOptions = {
  allowEncode?: boolean;
  /** For a test that changes tables or leaves a transaction open. Default: the file's database. */
  ownDatabase?: boolean;
  /** The server reaches Postgres through this proxy. */
  throughProxy?: (postgres: { host: string; port: number }) => Promise<{ port: number }>;
};

let fileDatabase: Promise<TestDatabase> | undefined;
afterAll(async () => (await fileDatabase)?.remove());

async function databaseOf(ownDatabase: boolean): Promise<TestDatabase> {
  if (!ownDatabase) {
    fileDatabase ??= createTestDatabase();
    return fileDatabase;
  }
  const own = await createTestDatabase();
  onTestFinished(() => own.remove());
  return own;
}

/** Starts a codec server that runs until the test ends. */
export async function startedCodecServer(
  changes: Partial<CodecServerSettings> = {},
  { allowEncode = false, ownDatabase = false, throughProxy }: StartOptions = {},
): Promise<StartedCodecServer> {
  const database = await databaseOf(ownDatabase || throughProxy !== undefined);
  const { rows: before } = await database.pool.query(
    'select coalesce(max(id), 0) as id from audit_log',
  );
  const keys = testKeyring('new', 'old');
  let logged = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  let { pool } = database;
  if (throughProxy) {
    const url = new URL(database.urls.owner);
    const proxy = await throughProxy({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    const proxied = postgresPool({ connectionString: url.href }, { applicationName: 'test' });
    onTestFinished(() => void proxied.end());
    pool = proxied;
  }
  const server = await startCodecServer({
    settings: {
      listen: { host: '127.0.0.1', port: 0 },
      token: { name: 'on-call', secret: TOKEN },
      uiOrigin: UI_ORIGIN,
      behindTlsProxy: false,
      requestsPerMinute: 1_200,
      ...changes,
    },
    keys,
    pool,
    logger: createLogger('trace', destination),
    allowEncode,
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= server.stop();
    return stopping;
  };
  onTestFinished(stop);
  return {
    url: server.url,
    database,
    keys,
    log: () => logged,
    seal: async (value, keyring = keys) => {
      const [sealed] = await payloadCodec(keyring).encode([plain(value)]);
      return sealed as Payload;
    },
    decode: (payloads, headers = bearer(), path = '/decode') =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: formatPayloads(payloads),
      }),
    records: async () => {
      const { rows } = await database.pool.query(
        'select action, reason, detail from audit_log where id > $1 order by id',
        [before[0].id],
      );
      return rows;
    },
    stop,
  };
}

export const bearer = (token = TOKEN): Record<string, string> => ({
  authorization: `Bearer ${token}`,
});

export const plain = (value: unknown): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});

/** The values in an answer's payloads. */
export async function valuesOf(response: Response): Promise<unknown[]> {
  const { payloads } = (await response.json()) as { payloads: { data: string }[] };
  return payloads.map(({ data }) => JSON.parse(Buffer.from(data, 'base64').toString('utf8')));
}
