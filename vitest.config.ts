import { resolve } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// Halves the start-up time of the hundreds of programs that the tests run.
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/node-compile');

/** The suffix of a file's name decides which project runs it. */
const SUFFIXES = ['parts', 'system', 'faults', 'cluster', 'compose'];

/** Shared by the projects that start servers. */
export const SERVERS: NonNullable<TestProjectInlineConfiguration['test']> = {
  globalSetup: ['test/support/global-setup.ts'],
  // One process per file, since Temporal's runtime is installed once per process.
  pool: 'forks',
  // More than the cores, since these files mostly wait for their servers. With six, servers on two cores miss deadlines.
  maxWorkers: 4,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // The default of one second is short on a busy machine.
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
      // The default of five seconds is short on a busy machine.
      testTimeout: 20_000,
      // Pure code needs no isolation: two processes run all files.
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
