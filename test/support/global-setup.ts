import type { TestProject } from 'vitest/node';
import { type SharedParts, startSharedParts } from './shared-parts.ts';
import { UndoList } from './undo-list.ts';

declare module 'vitest' {
  export interface ProvidedContext extends SharedParts {}
}

type SharedRun = { parts: Promise<SharedParts>; undo: UndoList; projects: number };

/** Each project evaluates this module again, so the projects share this through `globalThis`. */
const holder = globalThis as { sharedRun?: SharedRun | undefined };

/** Starts the shared parts once per run; test files get them with `inject`. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  if (holder.sharedRun === undefined) {
    const undo = new UndoList();
    holder.sharedRun = { parts: startSharedParts(undo), undo, projects: 0 };
  }
  const run = holder.sharedRun;
  run.projects += 1;
  const tearDown = async () => {
    run.projects -= 1;
    if (run.projects > 0) return;
    holder.sharedRun = undefined;
    await run.undo.run();
  };
  try {
    const parts = await run.parts;
    project.provide('temporalBinary', parts.temporalBinary);
    project.provide('postgresUrl', parts.postgresUrl);
    project.provide('databaseTemplate', parts.databaseTemplate);
    project.provide('workflowBundlePath', parts.workflowBundlePath);
    project.provide('keys', parts.keys);
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
