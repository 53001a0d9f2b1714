import { inject } from 'vitest';
import { type Stack, type StackOptions, startStackOn } from './stack.ts';

export type { IngestHandle, Stack, StackOptions } from './stack.ts';

/** A stack for one test file, on what the run shares. */
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
