import type { IngestHandle } from '../../support/start-stack.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import type { Ways } from './fault-stack.ts';
import { closedGate } from './gate.ts';
import { recordedSteps } from './recorded-steps.ts';
import { until } from './until.ts';

/** Brings a worker to a boundary of its first batch and holds it there, by holding its traffic. */
export type Boundary = (
  ways: Ways,
  run: () => Promise<IngestHandle>,
  worker: WorkerProcess,
) => Promise<IngestHandle>;

/** Freezes it between two steps. Slow connections to Temporal leave time to see them. */
const received: Boundary = async (ways, start, worker) => {
  ways.temporal.delay(200);
  const run = await start();
  let done: Record<string, number> = {};
  const is = (step: string) => done[step] ?? 0;
  const look = async () => {
    done = await recordedSteps(run);
    return is('receiveBatch') > is('maskBatch');
  };
  for (;;) {
    await until('a batch is received, and not masked', look);
    process.kill(worker.pid, 'SIGSTOP');
    if (await look()) return run;
    process.kill(worker.pid, 'SIGCONT');
  }
};

/** The commit as pg sends it. Other statements contain the word, too. */
const COMMIT = 'commit\0';

/** Holds the statement before Postgres receives it. */
const postgresHeld =
  (statement: string): Boundary =>
  async (ways, start) => {
    const gate = closedGate();
    ways.postgres.setFault(async (sent) => {
      if (sent.includes(statement)) await gate.pass();
      return true;
    });
    const run = await start();
    await gate.reached;
    return run;
  };

/** Holds the answer to the statement. */
const postgresUnanswered =
  (statement: string): Boundary =>
  async (ways, start) => {
    const gate = closedGate();
    ways.postgres.setFault((sent, link) => {
      if (sent.includes(statement)) link.holdAnswers(gate);
      return true;
    });
    const run = await start();
    await gate.reached;
    return run;
  };

/** Passes this many deletes on, and holds the answer to the last one, or every later call. */
const deletesHeld =
  (through: number, { atAnswer }: { atAnswer: boolean }): Boundary =>
  async (ways, start) => {
    const gate = closedGate();
    let deletes = 0;
    ways.sqs.setFault(async (call, passOn) => {
      if (call.action !== 'DeleteMessageBatch') return passOn();
      deletes += 1;
      if (!atAnswer && deletes > through) await gate.pass();
      const answer = await passOn();
      if (atAnswer && deletes >= through) await gate.pass();
      return answer;
    });
    const run = await start();
    await gate.reached;
    return run;
  };

/** Messages of the first batch. A call deletes ten. */
export const BATCH = 60;

/** The boundaries, with the number of messages that are committed at each. */
export const BOUNDARIES: Readonly<Record<string, { stored: number; bring: Boundary }>> = {
  'received, and not masked': { stored: 0, bring: received },
  'masked, and no transaction begun': { stored: 0, bring: postgresHeld('begin') },
  'inserted, and not committed': { stored: 0, bring: postgresHeld(COMMIT) },
  'committed, and the answer not there': { stored: BATCH, bring: postgresUnanswered(COMMIT) },
  'recorded as inserted, and nothing acknowledged': {
    stored: BATCH,
    bring: deletesHeld(0, { atAnswer: false }),
  },
  'partly acknowledged': { stored: BATCH, bring: deletesHeld(2, { atAnswer: false }) },
  'acknowledged, and the answer not there': {
    stored: BATCH,
    bring: deletesHeld(BATCH / 10, { atAnswer: true }),
  },
  'closed in the ledger, and the answer not there': {
    stored: BATCH,
    bring: postgresUnanswered('finished_at'),
  },
};
