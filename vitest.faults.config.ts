import { defineConfig } from 'vitest/config';
import { SERVERS } from './vitest.config.ts';

/** The fault matrix in full: `npm run test:faults`. `npm test` runs all but *.faults.test.ts of it, in short form. */
export default defineConfig({
  test: {
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          ...SERVERS,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          maxWorkers: 2,
          env: { ...SERVERS.env, FAULTS: 'full' },
          testTimeout: 15 * 60_000,
          hookTimeout: 2 * 60_000,
        },
      },
    ],
  },
});
