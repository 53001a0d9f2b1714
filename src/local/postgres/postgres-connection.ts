import { Client } from 'pg';

const connectTimeoutMs = 2_000;

export async function withPostgresClient<T>(
  url: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    // Overrides PGSSLMODE: the local server has no certificate.
    ssl: false,
  });
  // Without a listener, a connection lost between two queries would be an uncaught error.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
