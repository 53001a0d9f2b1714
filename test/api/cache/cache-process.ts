import { answerCache } from '../../../src/api/cache/answer-cache.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { searchLogins } from '../../../src/postgres/reads/search-logins.ts';

/** A process with a cache of its own. Its parent asks by messages. */
const [connectionString = '', redisUrl] = process.argv.slice(2);
const pool = postgresPool({ connectionString }, { applicationName: 'test' });
const cache = answerCache({
  pool,
  secret: 'a secret of more than thirty-two characters',
  ...(redisUrl && { redisUrl }),
});
const window = { from: '2000-01-01', to: '2100-01-01' };

process.on('message', ({ id, user }: { id: number; user: string }) => {
  const about = { ...window, user };
  cache
    .answer({ route: 'search', view: {}, query: { user }, about }, async (client) => ({
      body: JSON.stringify(await searchLogins(client, about, { limit: 10 })),
    }))
    .then(
      ({ body, from }) => process.send?.({ id, body: body.toString(), from }),
      () => process.send?.({ id, body: 'failed', from: 'failed' }),
    );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
