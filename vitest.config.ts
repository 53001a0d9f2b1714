import { resolve } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// Halves what it costs to start each of the hundreds of programs that the tests run.
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/node-compile');

/** The end of a file's name says which project runs it. */
const SUFFIXES = ['parts', 'system', 'faults'];

/** What projects share that start servers. */
export const SERVERS: NonNullable<TestProjectInlineConfiguration['test']> = {
  globalSetup: ['test/support/global-setup.ts'],
  // One process per file: Temporal's runtime is installed once per process, and what a test leaves behind ends with it.
  pool: 'forks',
  // More than there are cores: these files mostly wait for their servers.
  maxWorkers: 3,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // By default a second, which is short for a server on a busy machine.
  expect: { poll: { timeout: 30_000 } },
  // The AWS client's credential chain finds these; the emulator accepts any.
  env: { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
};

const PROJECTS: TestProjectInlineConfiguration[] = [
  {
    test: {
      name: 'unit',
      include: ['test/**/*.test.ts'],
      exclude: [`test/**/*.{${SUFFIXES.join(',')}}.test.ts`],
      setupFiles: ['test/support/no-servers.ts'],
      // Pure code leaves nothing behind: two processes run all files.
      pool: 'forks',
      isolate: false,
      sequence: { groupOrder: 0 },
    },
  },
  {
    test: {
      name: 'parts',
      include: ['test/**/*.parts.test.ts'],
      ...SERVERS,
      sequence: { groupOrder: 1 },
    },
  },
  {
    test: {
      name: 'system',
      include: ['test/**/*.system.test.ts'],
      ...SERVERS,
      sequence: { groupOrder: 1 },
    },
  },
];

export default defineConfig({ test: { projects: PROJECTS, teardownTimeout: 30_000 } });
