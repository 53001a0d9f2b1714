import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertWhatFits } from '../src/activities/ingest/insert-what-fits.ts';
import { KnownOriginals } from '../src/activities/ingest/known-originals.ts';
import { vaultWriter } from '../src/activities/ingest/vault-writer.ts';
import { bodiesMasker } from '../src/batch/mask-messages.ts';
import { generateKeys, KEY_FILE_NAMES } from '../src/crypto/keys/generate-keys.ts';
import { parseVaultPublicKey } from '../src/crypto/vault/vault-envelope.ts';
import { hmacMasker } from '../src/domain/login/masking.ts';
import { removePostgresData, startPostgresServer } from '../src/local/postgres/postgres-server.ts';
import { postgresPool } from '../src/postgres/pool.ts';
import { createBenchDatabase } from './bench-database.ts';
import { loginEvents } from './login-events.ts';
import { whole } from './number-texts.ts';
import { plainTable } from './plain-table.ts';
import { spread } from './statistics.ts';

// A program that measures batches with rows that Postgres refuses. Each share of refused rows has a time limit.

const ROWS = 4_000;
const ROUNDS = 3;
const SHARES = [
  { percent: 0, mostSeconds: 5 },
  { percent: 1, mostSeconds: 5 },
  { percent: 33, mostSeconds: 10 },
  { percent: 100, mostSeconds: 15 },
] as const;
const masker = hmacMasker({ id: 'bench', secret: Buffer.alloc(32, 7) });

const CONSTRAINTS = `
  alter table user_logins add constraint no_robots check (user_id not like 'robot-%'),
    add constraint no_spiders check (user_id not like 'spider-%')`;

function masked(percent: number) {
  const { masked: messages, add } = bodiesMasker(masker);
  const bodies = [...loginEvents(ROWS, true)].map((event, index) => {
    // A batch waits when none of its rows is stored, so the first one always is.
    const isRefused =
      index > 0 && Math.floor(((index + 1) * percent) / 100) > Math.floor((index * percent) / 100);
    const user_id = isRefused ? `${index % 2 ? 'robot' : 'spider'}-${index}` : `user-${index}`;
    return JSON.stringify({ ...event, user_id });
  });
  add(bodies);
  return messages;
}

const files = await generateKeys('bench');
const publicKey = parseVaultPublicKey(files[KEY_FILE_NAMES.vaultPublicKey] ?? '');
const dataDirectory = join(await mkdtemp(join(tmpdir(), 'login-etl-bench-')), 'postgres');
const server = await startPostgresServer({ dataDirectory });
try {
  const { adminUrl, databaseUrl } = await createBenchDatabase(server, 'refused', 'user_logins');
  const admin = postgresPool({ connectionString: adminUrl }, { applicationName: 'bench' });
  await admin.query(CONSTRAINTS);
  await admin.end();
  const pool = postgresPool({ connectionString: databaseUrl }, { applicationName: 'bench' });
  const known = new KnownOriginals();
  const table: string[][] = [];
  let whenNone = 0;
  for (const { percent, mostSeconds } of SHARES) {
    const seconds: number[] = [];
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { rows, originals, maskKeyId } = masked(percent);
      const messageIds = rows.userIds.map(() => randomUUID());
      const startedAt = performance.now();
      const stored = await insertWhatFits(
        {
          ...{ rows, originals, maskKeyId, messageIds, workerBuild: 'bench' },
          sentAtMs: messageIds.map(() => Date.now()),
          batch: { runId: randomUUID(), workflowId: 'bench', startedAtMs: Date.now(), number: 1 },
          quarantine: {
            messageIds: [],
            sentAtMs: [],
            reasons: [],
            sealedBodies: [],
            vaultKeyId: '',
          },
        },
        { pool, vaultFor: (kept) => vaultWriter(publicKey, kept, known) },
      );
      seconds.push((performance.now() - startedAt) / 1_000);
      refused = stored.refused.length;
    }
    const { median, max } = spread(seconds);
    whenNone ||= median;
    if (max > mostSeconds) process.exitCode = 1;
    table.push([
      `${percent} %`,
      whole(refused),
      median.toFixed(2),
      max.toFixed(2),
      `${(median / whenNone).toFixed(1)}`,
      `${max > mostSeconds ? 'over' : 'within'} ${mostSeconds}`,
    ]);
  }
  await pool.end();
  const heads = ['share', 'rows refused', 'seconds (median)', 'seconds (most)', 'ratio', 'limit'];
  process.stdout.write(
    `Batches of ${whole(ROWS)} rows, ${ROUNDS} rounds\n${plainTable(heads, table)}\n`,
  );
} finally {
  await server.stop();
  await removePostgresData(dataDirectory);
}
