import { Client } from '@temporalio/client';
import { loadConfig } from '../../config/config.ts';
import { dataConverter } from '../../crypto/payloads/data-converter.ts';
import { lazyConnection } from '../../temporal/connect-client.ts';
import { tryReadSettings } from './read-settings.ts';

/** Below the five seconds that a part has to answer. Retries of the client's own end with it, too. */
const ANSWER_TIMEOUT_MS = 4_800;

export type TemporalSource = {
  /** @throws ConfigError when it is not configured */
  ask<T>(look: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** A client that connects with its first call. */
export function temporalSource(): TemporalSource {
  let client: Client | undefined;
  const underWay = new Set<Promise<unknown>>();
  async function askNow<T>(look: (client: Client) => Promise<T>): Promise<T> {
    client ??= open();
    const asked = client;
    return asked.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, () => look(asked));
  }
  return {
    async ask(look) {
      const answer = askNow(look);
      underWay.add(answer);
      return answer.finally(() => underWay.delete(answer));
    },
    async close() {
      // The client's own retries would come upon a closed connection, and end the process.
      await Promise.allSettled(underWay);
      await client?.connection.close();
    },
  };
}

function open(): Client {
  const { connectionOptions, namespace } = loadConfig(['temporal']).temporal;
  const connection = lazyConnection(connectionOptions, ANSWER_TIMEOUT_MS);
  // Without payload keys nearly everything can be seen, but for why something failed.
  const payloads = tryReadSettings(['payloads'])?.payloads;
  return new Client({
    connection,
    namespace,
    ...(payloads && { dataConverter: dataConverter(payloads.keys) }),
  });
}
