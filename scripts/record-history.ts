import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { VERSION } from '../src/build-info.ts';
import { KEY_FILE_NAMES } from '../src/crypto/generate-keys.ts';
import { writeHistory } from '../test/replay/history-file.ts';
import { RECORDED_CASES, type RecordedCase } from '../test/replay/recorded-cases.ts';
import { runHistories } from '../test/stack/run-history.ts';
import { startSharedParts } from '../test/stack/shared-parts.ts';
import { type Stack, startStackOn } from '../test/stack/stack.ts';
import { UndoList } from '../test/stack/undo-list.ts';

/**
 * Records histories of `ingestLogins` as this build writes them, for the test that replays every committed one
 * (`test/replay/`): once a version, and whenever the workflow's commands change. Older ones stay, for as long as
 * runs of that version may still be under way.
 */
const REPLAY = new URL('../test/replay/', import.meta.url);

async function record(stack: Stack, name: string, run: RecordedCase): Promise<void> {
  await stack.clear();
  const { workflowId, firstExecutionRunId } = await run(stack);
  const runs = await runHistories(stack.client, workflowId, firstExecutionRunId);
  // A cron's later runs are as its first one.
  const chain = name === 'cron' ? runs.slice(0, 1) : runs;
  for (const [index, { raw, events }] of chain.entries()) {
    const part = chain.length > 1 ? `-${index + 1}` : '';
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
  for (const [name, run] of Object.entries(RECORDED_CASES)) await record(stack, name, run);
} finally {
  await undo.run();
}
