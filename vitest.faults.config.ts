import { defineConfig } from 'vitest/config';
import shared from './vitest.config.ts';

/** The fault matrix in full: `npm run test:faults`. A short form of it is part of `npm test`. */
export default defineConfig({
  test: {
    ...shared.test,
    // What is in *.full.ts has no short form: it takes minutes whatever its size.
    include: ['test/faults/**/*.test.ts', 'test/faults/**/*.full.ts'],
    env: { ...shared.test?.env, FAULTS: 'full' },
    testTimeout: 15 * 60_000,
    hookTimeout: 2 * 60_000,
  },
});
