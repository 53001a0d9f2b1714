import { Client } from 'pg';

const connectTimeoutMs = 2_000;

/** One connection for one piece of work. */
export async function withPostgresClient<T>(
  url: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    // Whatever PGSSLMODE says: the local server has no certificate.
    ssl: false,
  });
  // A server that goes away between two queries must not become an uncaught error.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
