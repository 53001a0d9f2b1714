import { Client } from '@temporalio/client';
import { loadConfig } from '../../config/config.ts';
import { dataConverter } from '../../crypto/payloads/data-converter.ts';
import { lazyConnection } from '../../temporal/connect-client.ts';
import { temporalProblem } from '../../temporal/temporal-problem.ts';
import { reachOnce } from './reach-once.ts';
import { tryReadSettings } from './read-settings.ts';

/** Of a server that was reached. Less than the five seconds that a part has to answer; also ends the client's own retries. */
const ANSWER_TIMEOUT_MS = 4_800;

export type TemporalSource = {
  /** @throws ConfigError when it is not configured */
  ask<T>(look: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** A client that connects at its first call. */
export function temporalSource(): TemporalSource {
  let opened: Client | undefined;
  const reached = reachOnce(async () => {
    opened = open();
    try {
      await opened.connection.ensureConnected();
    } catch (error) {
      await opened.connection.close();
      throw temporalProblem('Temporal cannot be used', error);
    }
    return opened;
  });
  const underWay = new Set<Promise<unknown>>();
  async function askNow<T>(look: (client: Client) => Promise<T>): Promise<T> {
    const deadline = Date.now() + ANSWER_TIMEOUT_MS;
    const client = await reached();
    return client.withDeadline(deadline, () => look(client));
  }
  return {
    async ask(look) {
      const answer = askNow(look);
      underWay.add(answer);
      return answer.finally(() => underWay.delete(answer));
    },
    async close() {
      // The client's own retries on a closed connection would end the process.
      await Promise.allSettled(underWay);
      await opened?.connection.close();
    },
  };
}

function open(): Client {
  const { temporal } = loadConfig(['temporal']);
  const connection = lazyConnection(temporal);
  // Without payload keys only the reasons of failures cannot be read.
  const payloads = tryReadSettings(['payloads'])?.payloads;
  return new Client({
    connection,
    namespace: temporal.namespace,
    ...(payloads && { dataConverter: dataConverter(payloads.keys) }),
  });
}
