import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  startTemporalServer,
  type TemporalServer,
} from '../../../src/local/temporal/temporal-server.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';
import { underLoad } from '../support/under-load.ts';
import { WorkerFleet } from '../support/worker-fleet.ts';

const RESTARTS = FULL ? (['kill', 'stop', 'kill'] as const) : (['kill'] as const);
const OUTAGE_MS = FULL ? 15_000 : 1_000;

let stack: FaultStack;
let databaseFile: string;
let temporal: TemporalServer;

beforeAll(async () => {
  const directory = await makeTestDirectory('temporal');
  databaseFile = join(directory, 'temporal.db');
  stack = await startFaultStack({
    visibilityTimeoutSeconds: 20,
    temporalDatabaseFile: databaseFile,
  });
  stack.undo.push(() => temporal.stop());
  temporal = stack.temporal;
  return () => rm(directory, { recursive: true, force: true });
});
afterAll(() => stack?.stop());

async function restart(how: 'kill' | 'stop'): Promise<void> {
  await temporal[how]();
  await sleep(OUTAGE_MS);
  temporal = await startTemporalServer({
    binary: inject('temporalBinary'),
    port: Number(stack.temporal.address.split(':')[1]),
    databaseFile,
  });
}

test(
  `the Temporal server is restarted in mid-run (${RESTARTS.join(', ')}): the run goes on from where it was`,
  async () => {
    const fleet = new WorkerFleet(stack);
    await fleet.start(FULL ? 2 : 1);
    const { run, ids } = await underLoad(stack, async () => {
      for (const how of RESTARTS) {
        await sleep(2_000);
        await restart(how);
      }
    });
    // One run from the beginning to the end, and its workers have never gone.
    expect((await run.describe()).status.name).toBe('COMPLETED');
    expect(fleet.members.filter(({ worker }) => worker.hasExited())).toEqual([]);
    await runUntilEmpty(stack);
    await fleet.killAll();
    await expectOnceEach(stack, ids);
  },
  PATIENCE_MS,
);
