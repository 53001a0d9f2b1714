import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { KnownOriginals } from '../src/activities/ingest/known-originals.ts';
import { vaultWriter } from '../src/activities/ingest/vault-writer.ts';
import type { MaskedMessages } from '../src/batch/batch.ts';
import { bodiesMasker } from '../src/batch/mask-messages.ts';
import { generateKeys, KEY_FILE_NAMES } from '../src/crypto/keys/generate-keys.ts';
import { originalsSealer } from '../src/crypto/vault/seal-originals.ts';
import { parseVaultPublicKey } from '../src/crypto/vault/vault-envelope.ts';
import { hmacMasker } from '../src/domain/login/masking.ts';
import { removePostgresData, startPostgresServer } from '../src/local/postgres/postgres-server.ts';
import { insertBatch } from '../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../src/postgres/pool.ts';
import { createBenchDatabase } from './bench-database.ts';
import { type LoginMessage, loginEvents } from './login-events.ts';
import { whole } from './number-texts.ts';
import { plainTable } from './plain-table.ts';
import { spread } from './statistics.ts';

// A program that measures the cost of the vault: inserts batches with and without originals, in turn, into one database.

const ROWS = 2_000;
const ROUNDS = 15;
const WARM_ROUNDS = 3;
const NEW_SHARES = [0, 0.02, 0.1, 1] as const;
const masker = hmacMasker({ id: 'bench', secret: Buffer.alloc(32, 7) });

/** Logins with devices and addresses that the vault has, except for a share of new ones. */
function* logins(known: readonly LoginMessage[], newShare: number): Generator<LoginMessage> {
  for (const [index, event] of [...loginEvents(ROWS, true)].entries()) {
    const { ip, device_id } = known[index % known.length] as LoginMessage;
    const device = `${event.device_id}-${randomUUID()}`;
    yield index < ROWS * newShare ? { ...event, device_id: device } : { ...event, ip, device_id };
  }
}

function mask(events: Iterable<LoginMessage>): MaskedMessages {
  const { masked, add } = bodiesMasker(masker);
  add(Array.from(events, (event) => JSON.stringify(event)));
  return masked;
}

/** @returns the milliseconds from the masked batch to its commit */
async function insert(
  pool: Pool,
  { rows, originals, maskKeyId }: MaskedMessages,
  known?: KnownOriginals,
): Promise<number> {
  const ids = rows.userIds.map(() => randomUUID());
  const { publicKey } = await keys;
  const startedAt = performance.now();
  const sentAtMs = ids.map(() => Date.now());
  const vault = known && vaultWriter(publicKey, { rows, originals, sentAtMs }, known);
  await insertBatch(pool, {
    batch: { runId: randomUUID(), workflowId: 'bench', startedAtMs: Date.now(), number: 1 },
    workerBuild: 'bench',
    messageIds: ids,
    sentAtMs,
    rows,
    maskKeyId,
    vault: vault?.seal ?? (async () => originalsSealer(publicKey).sealed),
    quarantine: { messageIds: [], sentAtMs: [], reasons: [], sealedBodies: [], vaultKeyId: '' },
  });
  vault?.committed();
  return performance.now() - startedAt;
}

const keys = generateKeys('bench').then((files) => ({
  publicKey: parseVaultPublicKey(files[KEY_FILE_NAMES.vaultPublicKey] ?? ''),
}));

async function compare(pool: Pool, newShare: number): Promise<string[]> {
  const memory = new KnownOriginals();
  const known = [...loginEvents(ROWS, true)];
  await insert(pool, mask(known), memory);
  const ratios: number[] = [];
  const [without, withVault]: [number[], number[]] = [[], []];
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
    const bare = await insert(pool, mask(logins(known, newShare)));
    const full = await insert(pool, mask(logins(known, newShare)), memory);
    if (round < WARM_ROUNDS) continue;
    without.push((ROWS / bare) * 1_000);
    withVault.push((ROWS / full) * 1_000);
    ratios.push(bare / full);
  }
  const { median, min, max } = spread(ratios);
  return [
    `${newShare * 100} % of them new`,
    whole(spread(without).median),
    whole(spread(withVault).median),
    `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`,
  ];
}

const dataDirectory = join(await mkdtemp(join(tmpdir(), 'login-etl-bench-')), 'postgres');
const server = await startPostgresServer({ dataDirectory });
try {
  const { databaseUrl } = await createBenchDatabase(server, 'vault', 'user_logins');
  const pool = postgresPool({ connectionString: databaseUrl }, { applicationName: 'bench' });
  const table: string[][] = [];
  for (const share of NEW_SHARES) table.push(await compare(pool, share));
  await pool.end();
  process.stdout.write(
    `Batches of ${whole(ROWS)} rows, ${ROUNDS} rounds in turn; medians, the ratio round by round (lowest–highest)\n` +
      `${plainTable(['devices and addresses', 'rows/s without vault', 'rows/s with it', 'ratio'], table)}\n`,
  );
} finally {
  await server.stop();
  await removePostgresData(dataDirectory);
}
