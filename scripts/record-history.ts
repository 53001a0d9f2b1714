import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { VERSION } from '../src/build-info.ts';
import { KEY_FILE_NAMES } from '../src/crypto/keys/generate-keys.ts';
import { writeHistory } from '../test/replay/history-file.ts';
import { RECORDED_CASES } from '../test/replay/recorded-cases.ts';
import { RECORDED_MAINTENANCE, RECORDED_RETENTION } from '../test/replay/recorded-maintenance.ts';
import { RECORDED_RECOVERIES } from '../test/replay/recorded-recoveries.ts';
import { RECORDED_REPLAYS } from '../test/replay/recorded-replays.ts';
import { RECORDED_ROTATIONS } from '../test/replay/recorded-rotations.ts';
import { runHistories } from '../test/support/run-history.ts';
import { startSharedParts } from '../test/support/shared-parts.ts';
import { type Stack, startStackOn } from '../test/support/stack.ts';
import { UndoList } from '../test/support/undo-list.ts';

/**
 * Records histories of our workflows with this build, for the test that replays all committed ones (`test/replay/`): run
 * it once per version, and whenever a workflow's commands change. Older histories stay while runs of their version may
 * still be open. With the name of a workflow, such as `rotate-masking-key`, it records only its histories; with a case as
 * well, only that one.
 */
const REPLAY = new URL('../test/replay/', import.meta.url);

/** The next release, if it differs from the current version: recorded histories are never overwritten. */
const version = process.env.RECORD_AS ?? VERSION;

type Recorded = { workflowId: string; firstExecutionRunId: string };

const WORKFLOWS: Record<string, Record<string, (stack: Stack) => Promise<Recorded>>> = {
  'ingest-logins': RECORDED_CASES,
  'maintain-tables': RECORDED_MAINTENANCE,
  'retain-tables': RECORDED_RETENTION,
  'recover-logins': RECORDED_RECOVERIES,
  'replay-quarantine': RECORDED_REPLAYS,
  'rotate-masking-key': RECORDED_ROTATIONS,
};

async function record(
  stack: Stack,
  workflow: string,
  name: string,
  run: (stack: Stack) => Promise<Recorded>,
): Promise<void> {
  await stack.clear();
  const { workflowId, firstExecutionRunId } = await run(stack);
  const runs = await runHistories(stack.client, workflowId, firstExecutionRunId);
  // A cron's later runs equal its first one.
  const chain = name === 'cron' ? runs.slice(0, 1) : runs;
  for (const [index, { raw, events }] of chain.entries()) {
    const part = chain.length > 1 ? `-${index + 1}` : '';
    const file = `histories/${workflow}-${version}-${name}${part}.json`;
    await writeFile(new URL(file, REPLAY), writeHistory(raw));
    process.stdout.write(`test/replay/${file}: ${events.length} events\n`);
  }
}

const undo = new UndoList();
try {
  const parts = await startSharedParts(undo);
  // Fixed, so that the test can decrypt the histories.
  const payloadKeys = await readFile(new URL('payload-keys.json', REPLAY), 'utf8');
  const keys = { ...parts.keys, [KEY_FILE_NAMES.payloadKeys]: payloadKeys };
  const stack = await startStackOn({ ...parts, keys });
  undo.push(() => stack.stop());
  await mkdir(new URL('histories/', REPLAY), { recursive: true });
  for (const [workflow, cases] of Object.entries(WORKFLOWS)) {
    if (process.argv[2] !== undefined && process.argv[2] !== workflow) continue;
    // A rotation does not begin while a worker masks with the old key.
    const stopWorker = cases === RECORDED_ROTATIONS ? undefined : await stack.startWorker();
    for (const [name, run] of Object.entries(cases)) {
      if (process.argv[3] === undefined || process.argv[3] === name) {
        await record(stack, workflow, name, run);
      }
    }
    await stopWorker?.();
  }
} finally {
  await undo.run();
}
