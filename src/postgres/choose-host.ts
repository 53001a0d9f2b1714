import pg, { type ClientConfig } from 'pg';
import { Problem } from '../errors/problem.ts';

/** libpq's values of `target_session_attrs`. */
type Target = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';

export type SeveralHosts = {
  hosts: readonly { host: string; port: number }[];
  targetSessionAttrs: Target;
};

type State = { isStandby: boolean; isReadOnly: boolean };

const FITS: Readonly<Record<Target, (state: State) => boolean>> = {
  any: () => true,
  'read-write': ({ isReadOnly }) => !isReadOnly,
  'read-only': ({ isReadOnly }) => isReadOnly,
  primary: ({ isStandby }) => !isStandby,
  standby: ({ isStandby }) => isStandby,
  'prefer-standby': ({ isStandby }) => isStandby,
};

const READ_STATE = `
  select pg_is_in_recovery() as "isStandby", current_setting('transaction_read_only') = 'on' as "isReadOnly"`;

/** cannot_connect_now: the server starts or stops. */
const NOT_NOW = '57P03';

/**
 * Returns the first host whose session has the requested attributes, as libpq does. The driver supports only one host, so
 * each is tried with its own connection; together they share the pool's connect timeout.
 */
export async function chooseHost(
  config: ClientConfig,
  { hosts, targetSessionAttrs }: SeveralHosts,
): Promise<SeveralHosts['hosts'][number]> {
  const timeoutMs = Math.floor((config.connectionTimeoutMillis ?? 0) / (hosts.length + 1));
  let trouble: unknown;
  let other: SeveralHosts['hosts'][number] | undefined;
  for (const { host, port } of hosts) {
    const connectionTimeoutMillis = timeoutMs;
    const client = new pg.Client({ ...config, host, port, connectionTimeoutMillis });
    // A server may stop at any time; the query or the next connection reports it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<State>(READ_STATE);
      if (FITS[targetSessionAttrs](rows[0] as State)) return { host, port };
      other ??= { host, port };
    } catch (error) {
      // A refused password or database stops the search, as in libpq.
      if (error instanceof pg.DatabaseError && error.code !== NOT_NOW) throw error;
      trouble = error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  if (other && targetSessionAttrs === 'prefer-standby') return other;
  throw other ? new NoHostFits(targetSessionAttrs) : trouble;
}

/** All hosts answered, and none has the requested attributes, as during a failover. */
class NoHostFits extends Problem {
  override name = 'NoHostFits';
  constructor(target: Target) {
    super(
      'Postgres cannot be used',
      `no host of Postgres is ${target} (target_session_attrs)`,
      'Name a host that is, in DATABASE_URL or PGHOST, or change target_session_attrs.',
    );
  }
}
