import { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { loadConfig } from '../../../config/config.ts';
import { type KeyringPlace, keyringPlace } from '../../../config/keyring-settings.ts';
import { settingGiven } from '../../../config/reader.ts';
import type { Keyring, KeyUse } from '../../../crypto/keys/keyring.ts';
import { ADOPTED_ID } from '../../../domain/login/masking.ts';
import { Problem } from '../../../errors/problem.ts';
import { type KeyUseInTables, readKeyUse } from '../../../postgres/logins/read-key-use.ts';
import { takeEnvironment, tryReadSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { type Removable, readKeysInUse, removableKeys } from '../../keys/removable-keys.ts';
import { printData, printJson, terminalWidth } from '../../terminal/output.ts';
import { type Column, renderTable } from '../../terminal/table.ts';

const HELP = `
Shows ids, never keys. If DATABASE_URL is set, it also shows from when to when rows were made with each key, and
which keys the rows still need. That reads every row of user_logins once; --no-tables skips it. Only a custodian sees
the rows of the vault. With TEMPORAL_ADDRESS, it says from when on a payload key may be removed: when Temporal keeps no
history of a run that began before workers last used the key. Other readers of histories, such as exports, are not
considered.

Examples:
  login-etl keys list
  login-etl --env-file .local/custodian.env keys list --json
${EXIT_CODES_HELP}`;

type Key = {
  kind: 'masking' | 'payload' | 'vault';
  id: string;
  active: boolean;
  /** Undefined: rows were made with the key, and it is not configured here. */
  source: string | undefined;
  /** No key: the rows were there before login-etl. */
  adopted?: true;
  rows?: number;
  firstUse?: string;
  lastUse?: string;
  /** Only of payload keys: null for one that may not be removed, or of which that is unknown. */
  removableFrom?: string | null;
  removableBecause?: string;
};

export function addKeysListCommand(keys: Command): void {
  keys
    .command('list')
    .description('list the keys, where they are stored, and when they were used')
    .option('--no-tables', 'do not read the database')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ json, tables }: { json?: boolean; tables: boolean }, command: Command) => {
      takeEnvironment(command);
      const known = configuredKeys();
      const used = tables ? await usedKeys(command) : {};
      const removable = tables
        ? await removablePayloadKeys(command, known)
        : new Map<string, Removable>();
      const list = [...known, ...onlyInTables(known, used)].map((key) =>
        withRemovable(withUse(key, used), removable),
      );
      if (json) printJson(list);
      else printData([...describe(list), ...list.flatMap(describeRemovable)]);
    });
}

function configuredKeys(): Key[] {
  const masking = keyringPlace('masking');
  const payload = keyringPlace('payload');
  const vault = settingGiven('VAULT_PUBLIC_KEY');
  if (!masking && !payload && vault === undefined) {
    throw new Problem(
      'there are no keys to list',
      'MASKING_KEYS, PAYLOAD_KEYS and VAULT_PUBLIC_KEY are not set in any form',
      'Set them, or create some with `login-etl keys generate`.',
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

async function usedKeys(command: Command): Promise<Used> {
  const settings = tryReadSettings(['postgres']);
  if (!settings) return {};
  return withDatabase(command, settings.postgres, readKeyUse, { migrated: false });
}

/** For keys that are not active here. It needs the database and Temporal. */
async function removablePayloadKeys(
  command: Command,
  known: readonly Key[],
): Promise<Map<string, Removable>> {
  const ids = known.filter(({ kind, active }) => kind === 'payload' && !active).map(({ id }) => id);
  const settings = tryReadSettings(['postgres', 'temporal']);
  if (ids.length === 0) return new Map();
  if (!settings) return unknown(ids, 'set DATABASE_URL and TEMPORAL_ADDRESS to see it');
  try {
    const inUse = await withDatabase(command, settings.postgres, readKeysInUse);
    const { namespace, custodianNamespace } = settings.temporal;
    return await withTemporal(settings.temporal, undefined, (client) => {
      const { connection } = client;
      const rotations =
        custodianNamespace === namespace
          ? []
          : [new Client({ connection, namespace: custodianNamespace })];
      return removableKeys([client, ...rotations], inUse, ids);
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return unknown(ids, `${error.what}: ${error.why}`);
  }
}

const unknown = (ids: readonly string[], reason: string): Map<string, Removable> =>
  new Map(ids.map((id) => [id, { from: null, reason: `not known: ${reason}` }]));

function withRemovable(key: Key, removable: ReadonlyMap<string, Removable>): Key {
  const found = key.kind === 'payload' ? removable.get(key.id) : undefined;
  if (!found) return key;
  const { from, reason } = found;
  return { ...key, removableFrom: from?.toISOString() ?? null, removableBecause: reason };
}

function describeRemovable({ id, removableFrom, removableBecause }: Key): string[] {
  if (removableFrom === undefined) return [];
  if (removableFrom === null) return [`payload key ${id} must be kept: ${removableBecause}`];
  const from = Date.parse(removableFrom) <= Date.now() ? 'now' : `from ${removableFrom} on`;
  return [`payload key ${id} may be removed ${from}: ${removableBecause}`];
}

function onlyInTables(known: readonly Key[], used: Used): Key[] {
  return (['masking', 'vault'] as const).flatMap((kind) =>
    (used[kind] ?? [])
      .filter(({ id }) => !known.some((key) => key.kind === kind && key.id === id))
      .map(({ id }) => ({
        ...{ kind, id, active: false, source: undefined },
        ...(kind === 'masking' && id === ADOPTED_ID && { adopted: true as const }),
      })),
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

const COLUMNS: readonly Column[] = [
  { title: 'kind' },
  { title: 'id' },
  { title: 'state' },
  { title: 'rows', align: 'right', drop: 2 },
  { title: 'first use', short: 'first', drop: 3 },
  { title: 'last use', short: 'last', drop: 1 },
  { title: 'where', drop: 4 },
];

const describe = (keys: readonly Key[]): string[] =>
  renderTable(
    COLUMNS,
    keys.map(({ kind, id, active, source, adopted, rows, firstUse, lastUse }) => [
      kind,
      id,
      adopted ? 'no key' : active ? 'active' : source === undefined ? 'missing' : 'kept',
      rows ?? '',
      firstUse === undefined ? '' : `${firstUse.slice(0, 16)}Z`,
      lastUse === undefined ? '' : `${lastUse.slice(0, 16)}Z`,
      adopted
        ? 'rows from before login-etl: not to be revealed or re-masked'
        : (source ?? 'not configured here, but rows were made with it'),
    ]),
    terminalWidth(),
  );
