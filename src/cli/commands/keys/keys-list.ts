import type { Command } from 'commander';
import { loadConfig } from '../../../config/config.ts';
import { type KeyringPlace, keyringPlace } from '../../../config/keyring-settings.ts';
import { settingGiven } from '../../../config/reader.ts';
import type { Keyring, KeyUse } from '../../../crypto/keys/keyring.ts';
import { connectOrExplain } from '../../../errors/connect-or-explain.ts';
import { Problem } from '../../../errors/problem.ts';
import { type KeyUseInTables, readKeyUse } from '../../../postgres/logins/read-key-use.ts';
import { postgresPool } from '../../../postgres/pool.ts';
import { takeEnvironment, tryReadSettings } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const HELP = `
Shows ids, never keys. What the tables tell is added where DATABASE_URL is set: since when and until when rows were
made with a key, and which keys they still need. It reads every row of user_logins once: --no-tables leaves that out.
Rows of the vault are for a custodian to see. Of payload keys, only Temporal's histories know where they are used.

Examples:
  login-etl keys list
  login-etl --env-file .local/custodian.env keys list --json
${EXIT_CODES_HELP}`;

type Key = {
  kind: 'masking' | 'payload' | 'vault';
  id: string;
  active: boolean;
  /** Undefined: rows were made with it, and it is not here. */
  source: string | undefined;
  rows?: number;
  firstUse?: string;
  lastUse?: string;
};

export function addKeysListCommand(keys: Command): void {
  keys
    .command('list')
    .description('which keys there are, where they are, and since when they are used')
    .option('--no-tables', 'do not ask the database')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ json, tables }: { json?: boolean; tables: boolean }, command: Command) => {
      takeEnvironment(command);
      const known = configuredKeys();
      const used = tables ? await usedKeys() : {};
      const list = [...known, ...onlyInTables(known, used)].map((key) => withUse(key, used));
      if (json) printJson(list);
      else printData(describe(list));
    });
}

function configuredKeys(): Key[] {
  const masking = keyringPlace('masking');
  const payload = keyringPlace('payload');
  const vault = settingGiven('VAULT_PUBLIC_KEY');
  if (!masking && !payload && vault === undefined) {
    throw new Problem(
      'there are no keys to list',
      'neither MASKING_KEYS nor PAYLOAD_KEYS nor VAULT_PUBLIC_KEY is set, in any form',
      'Set them, or make some with `login-etl keys generate`.',
    );
  }
  const config = loadConfig([
    ...(masking ? (['masking'] as const) : []),
    ...(payload ? (['payloads'] as const) : []),
    ...(vault ? (['vault'] as const) : []),
  ]);
  return [
    ...keysOf('masking', config.masking?.keys, masking),
    ...keysOf('payload', config.payloads?.keys, payload),
    ...(vault && config.vault
      ? [{ kind: 'vault' as const, id: config.vault.publicKey.id, active: true, source: vault }]
      : []),
  ];
}

function keysOf(
  kind: KeyUse,
  keyring: Keyring | undefined,
  place: KeyringPlace | undefined,
): Key[] {
  if (!keyring || !place) return [];
  const source = place.kind === 'file' ? `${place.setting} (${place.path})` : place.setting;
  return [...keyring.keys.keys()].map((id) => ({
    kind,
    id,
    active: id === keyring.activeId,
    source,
  }));
}

type Used = Partial<Record<Key['kind'], KeyUseInTables[] | undefined>>;

async function usedKeys(): Promise<Used> {
  const settings = tryReadSettings(['postgres']);
  if (!settings) return {};
  const pool = postgresPool(settings.postgres, { applicationName: 'login-etl keys list' });
  try {
    return await connectOrExplain('Postgres', 'Check DATABASE_URL, or use --no-tables.', () =>
      readKeyUse(pool),
    );
  } finally {
    await pool.end();
  }
}

function onlyInTables(known: readonly Key[], used: Used): Key[] {
  return (['masking', 'vault'] as const).flatMap((kind) =>
    (used[kind] ?? [])
      .filter(({ id }) => !known.some((key) => key.kind === kind && key.id === id))
      .map(({ id }) => ({ kind, id, active: false, source: undefined })),
  );
}

function withUse(key: Key, used: Used): Key {
  const use = used[key.kind]?.find(({ id }) => id === key.id);
  if (use === undefined) return used[key.kind] === undefined ? key : { ...key, rows: 0 };
  return {
    ...key,
    rows: use.rows,
    firstUse: use.first.toISOString(),
    lastUse: use.last.toISOString(),
  };
}

function describe(keys: readonly Key[]): string {
  const lines = keys.map(({ kind, id, active, source, rows, firstUse, lastUse }) => {
    const use =
      firstUse === undefined || lastUse === undefined
        ? rows === 0
          ? 'no row yet'
          : ''
        : `${rows} row(s), ${firstUse.slice(0, 16)} to ${lastUse.slice(0, 16)}`;
    const where = source ?? styled('yellow', 'not here: rows were made with it');
    return `${kind.padEnd(8)} ${id.padEnd(18)} ${active ? 'active' : '      '}  ${where}${use && `  ${use}`}`;
  });
  return lines.join('\n');
}
