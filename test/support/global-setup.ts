import type { TestProject } from 'vitest/node';
import { type SharedParts, startSharedParts } from './shared-parts.ts';
import { UndoList } from './undo-list.ts';

declare module 'vitest' {
  export interface ProvidedContext extends SharedParts {}
}

/** Once a run: test files get these by `inject`. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const undo = new UndoList();
  try {
    const parts = await startSharedParts(undo);
    project.provide('temporalBinary', parts.temporalBinary);
    project.provide('postgresUrl', parts.postgresUrl);
    project.provide('workflowBundlePath', parts.workflowBundlePath);
    project.provide('keys', parts.keys);
  } catch (error) {
    await undo.run();
    throw error;
  }
  return () => undo.run();
}
