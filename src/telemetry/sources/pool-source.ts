import type { Pool } from 'pg';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

/** The connection pool of the inserts. */
export function poolSource(pool: Pool): Source {
  const gauge = (name: string, description: string) =>
    meter().createGauge(`login_etl_postgres_pool_${name}`, 'int', undefined, description);
  const connections = gauge('connections', 'Connections to Postgres, by whether they are in use');
  const waiting = gauge('waiting', 'Statements that wait for a connection');
  const limit = gauge('limit', 'Connections that the pool may have');
  return {
    name: 'pool',
    async sample() {
      connections.set(pool.idleCount, { state: 'idle' });
      connections.set(pool.totalCount - pool.idleCount, { state: 'busy' });
      waiting.set(pool.waitingCount);
      limit.set(pool.options.max);
    },
  };
}
