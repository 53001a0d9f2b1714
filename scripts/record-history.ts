import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { VERSION } from '../src/build-info.ts';
import { KEY_FILE_NAMES } from '../src/crypto/generate-keys.ts';
import { writeHistory } from '../test/replay/history-file.ts';
import { loginMessages, smallBadMessages } from '../test/stack/login-messages.ts';
import { runHistories } from '../test/stack/run-history.ts';
import { startSharedParts } from '../test/stack/shared-parts.ts';
import { type IngestHandle, type Stack, startStackOn } from '../test/stack/stack.ts';
import { UndoList } from '../test/stack/undo-list.ts';

/**
 * Records histories of `ingestLogins` as this build writes them, for the test that replays every committed one
 * (`test/replay/`): once a version, and whenever the workflow's commands change. Older ones stay, for as long as
 * runs of that version may still be under way.
 */
const REPLAY = new URL('../test/replay/', import.meta.url);

/** Enough that a run has no room left for a batch: quicker than thousands of events of its own. */
const EVENTS_THAT_FILL_A_HISTORY = 4_450;

type Case = (stack: Stack) => Promise<IngestHandle>;

const CASES: Record<string, Case> = {
  async mixed(stack) {
    await stack.send([...loginMessages(150), ...smallBadMessages(1).map(({ body }) => body)]);
    return finished(await stack.start({ lanes: 3, batchSize: 25 }));
  },

  async empty(stack) {
    return finished(await stack.start());
  },

  async bounded(stack) {
    await stack.send(loginMessages(60));
    return finished(await stack.start({ maxMessages: 35, batchSize: 10, lanes: 2 }));
  },

  // A chain of two runs: the first one's history is filled with signals that nobody handles.
  async continued(stack) {
    await stack.send(loginMessages(40));
    const handle = await whileNothingIsStored(stack, async () => {
      const started = await stack.start({ lanes: 2, batchSize: 10 });
      for (let sent = 0; sent < EVENTS_THAT_FILL_A_HISTORY; sent += 50) {
        await Promise.all(Array.from({ length: 50 }, () => started.signal('filler')));
      }
      return started;
    });
    return finished(handle);
  },

  async 'with-refused-rows'(stack) {
    await stack.pool.query(`
      alter table user_logins add constraint recorded check (user_id <> 'user-3') not valid`);
    await stack.send(loginMessages(10));
    const handle = await finished(await stack.start());
    await stack.pool.query('alter table user_logins drop constraint recorded');
    return handle;
  },

  async cancelled(stack) {
    await stack.send(loginMessages(40));
    return whileNothingIsStored(stack, async () => {
      const handle = await stack.start({ lanes: 2, batchSize: 10 });
      await until(async () => (await stack.queueDepth()).inFlight > 0);
      await handle.cancel();
      return handle;
    }).then(finished);
  },

  async failed(stack) {
    await stack.send(loginMessages(5));
    await stack.pool.query('alter table user_logins rename to gone');
    const handle = await finished(await stack.start());
    await stack.pool.query('alter table gone rename to user_logins');
    return handle;
  },

  async 'invalid-input'(stack) {
    return finished(await stack.start({ lanes: -1 }));
  },

  async shards(stack) {
    await stack.send(loginMessages(30));
    return finished(await stack.start({ shards: 2 }));
  },
};

const finished = async (handle: IngestHandle): Promise<IngestHandle> => {
  await handle.result().catch(() => undefined);
  return handle;
};

/** Meanwhile each lane has a batch that it cannot store. */
async function whileNothingIsStored<T>(stack: Stack, act: () => Promise<T>): Promise<T> {
  const locking = await stack.pool.connect();
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    const result = await act();
    await locking.query('commit');
    return result;
  } finally {
    locking.release(true);
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function record(stack: Stack, name: string, run: Case): Promise<void> {
  await stack.clear();
  const { workflowId, firstExecutionRunId } = await run(stack);
  const runs = await runHistories(stack.client, workflowId, firstExecutionRunId);
  for (const [index, { raw, events }] of runs.entries()) {
    const part = runs.length > 1 ? `-${index + 1}` : '';
    const file = `histories/ingest-logins-${VERSION}-${name}${part}.json`;
    await writeFile(new URL(file, REPLAY), writeHistory(raw));
    process.stdout.write(`test/replay/${file}: ${events.length} events\n`);
  }
}

const undo = new UndoList();
try {
  const parts = await startSharedParts(undo);
  // Fixed, so that the test can read what it replays.
  const payloadKeys = await readFile(new URL('payload-keys.json', REPLAY), 'utf8');
  const keys = { ...parts.keys, [KEY_FILE_NAMES.payloadKeys]: payloadKeys };
  const stack = await startStackOn({ ...parts, keys });
  undo.push(() => stack.stop());
  await stack.startWorker();
  await mkdir(new URL('histories/', REPLAY), { recursive: true });
  for (const [name, run] of Object.entries(CASES)) await record(stack, name, run);
} finally {
  await undo.run();
}
