import { loadConfig } from '../src/config/config.ts';
import { createMasker } from '../src/crypto/keys/masker.ts';
import type { Queue } from '../src/queue/open-queue.ts';
import { sendMessages } from '../src/queue/send-messages.ts';
import { sqsClient } from '../src/queue/sqs-client.ts';
import { checkpoint, createBenchDatabase, dropBenchDatabase } from './bench-database.ts';
import { createBenchQueue, deleteBenchQueue, messagesLeft } from './bench-queue.ts';
import type { Contestant, HistoryUse, Running } from './contestant.ts';
import { type LoginMessage, loginEvents } from './login-events.ts';
import type { BenchOptions } from './options.ts';
import { watchPeakMemory } from './peak-memory.ts';
import { cpuSecondsByName } from './process-usage.ts';
import type { Servers } from './servers.ts';
import type { Turn } from './turns.ts';
import { rowProblems } from './verify-rows.ts';

export type Measurement = {
  letter: Contestant['letter'];
  name: string;
  round: number;
  /** Worker processes of (e); 1 for the others. */
  workers: number;
  messages: number;
  seconds: number;
  messagesPerSecond: number;
  /** By process: `worker` is the contestant's, `bench` ours. Excludes servers that we did not start. */
  cpuSeconds: Record<string, number>;
  /** Memory of the contestant's largest process. */
  peakMemoryBytes: number;
  history?: HistoryUse;
  /** Empty when every message is stored exactly once, correctly masked, and deleted. */
  problems: string[];
};

type Context = { servers: Servers; options: BenchOptions; signal: AbortSignal };

/** The number of messages whose rows are checked. */
const SAMPLES = 50;

/**
 * Measures one contestant in one round: creates a queue, a database and a process, warms it up and fills the queue. The
 * clock runs from the go until the last message is stored and deleted.
 */
export async function measure(
  { contestant, round, messages, warmMessages, workers }: Turn,
  { servers, options, signal }: Context,
): Promise<Measurement> {
  const name = `bench-${contestant.name}-${messages}-${round}-${workers}`;
  const { endpoint } = servers.sqs;
  const { adminUrl, databaseUrl } = await createBenchDatabase(
    servers.postgres,
    name,
    contestant.table,
  );
  const { sqs } = loadConfig(['sqs'], servers.environment(endpoint, databaseUrl));
  const client = sqsClient({ ...sqs, ...servers.credentials });
  const queue = await createBenchQueue(client, sqs.region, endpoint, name);
  const environment = servers.contestantEnvironment(servers.environment(queue.url, databaseUrl));
  const running = await contestant.open({
    ...{ name, servers, queue, environment, options, workers, warmMessages, signal },
  });
  const sent = new SentMessages(options.allNew);
  try {
    await sent.send(queue, warmMessages);
    await running.warmUp();
    await sent.send(queue, messages);
    await checkpoint(servers.postgres);
    const timed = await timeDrain(running, servers);
    const masker = createMasker(loadConfig(['masking'], environment).masking);
    const { all: left } = await messagesLeft(queue);
    const history = await running.history();
    return {
      letter: contestant.letter,
      name: workers > 1 ? `${contestant.name}, ${workers} workers` : contestant.name,
      round,
      workers,
      messages,
      messagesPerSecond: messages / timed.seconds,
      ...timed,
      ...(history && { history }),
      problems: [
        ...(left > 0 ? [`${left} messages are left in the queue`] : []),
        ...running.problems(messages),
        ...(await rowProblems(adminUrl, contestant.table, sent, masker)),
      ],
    };
  } finally {
    await running.stop();
    await deleteBenchQueue(queue);
    client.destroy();
    await dropBenchDatabase(servers.postgres, name);
  }
}

async function timeDrain(running: Running, servers: Servers) {
  const used = async () => cpuSeconds(running.pids, servers);
  const memories = running.pids.map(watchPeakMemory);
  const before = await used();
  const ownBefore = process.cpuUsage();
  const startedAt = performance.now();
  await running.drain();
  const seconds = (performance.now() - startedAt) / 1000;
  const own = process.cpuUsage(ownBefore);
  const after = Object.entries(await used());
  const spent = after.map(([name, total]) => [name, total - (before[name] ?? 0)]);
  return {
    seconds,
    cpuSeconds: { ...Object.fromEntries(spent), bench: (own.user + own.system) / 1e6 },
    peakMemoryBytes: Math.max(...(await Promise.all(memories.map((memory) => memory.stop())))),
  };
}

/** Those of several workers together. */
async function cpuSeconds(pids: readonly number[], servers: Servers) {
  const workers = Object.fromEntries(pids.map((pid) => [`worker ${pid}`, pid]));
  const all = await cpuSecondsByName({ ...workers, ...servers.pids() });
  const isWorker = (name: string) => name in workers;
  const entries = Object.entries(all);
  return {
    worker: entries.reduce((sum, [name, used]) => sum + (isWorker(name) ? used : 0), 0),
    ...Object.fromEntries(entries.filter(([name]) => !isWorker(name))),
  } as Record<string, number>;
}

/** The messages of a round that rows are checked against. */
class SentMessages {
  readonly userIds: string[] = [];
  readonly samples: LoginMessage[] = [];
  readonly #allNew: boolean;

  constructor(allNew: boolean) {
    this.#allNew = allNew;
  }

  async send(queue: Queue, count: number): Promise<void> {
    await sendMessages(queue, this.#bodies(count));
  }

  *#bodies(count: number): Generator<string> {
    const sampleEvery = Math.ceil(count / SAMPLES);
    for (const event of loginEvents(count, this.#allNew)) {
      if (this.userIds.length % sampleEvery === 0) this.samples.push(event);
      this.userIds.push(event.user_id);
      yield JSON.stringify(event);
    }
  }
}
