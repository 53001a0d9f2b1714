import { inject } from 'vitest';
import { type Stack, type StackOptions, startStackOn } from './stack.ts';

export type { IngestHandle, Stack, StackOptions } from './stack.ts';

/** Starts a stack for one test file, with the shared parts of the run. */
export const startStack = (options: StackOptions = {}): Promise<Stack> =>
  startStackOn(
    {
      temporalBinary: inject('temporalBinary'),
      postgresUrl: inject('postgresUrl'),
      databaseTemplate: inject('databaseTemplate'),
      workflowBundlePath: inject('workflowBundlePath'),
      keys: inject('keys'),
    },
    options,
  );
