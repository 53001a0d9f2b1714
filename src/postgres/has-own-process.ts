import type { PoolClient } from 'pg';

/**
 * Whether a connection has a server process of its own, so that settings and plans of its session stay with it: a pooler tells
 * its clients another process than `pg_backend_pid()`.
 */
export const hasOwnProcess = (client: PoolClient, backendPid: number | undefined): boolean =>
  backendPid !== undefined && (client as { processID?: number }).processID === backendPid;
