import { defineConfig } from 'vitest/config';

/** `npm run test:compose`: the services of docker-compose.yml as containers. */
export default defineConfig({
  test: {
    name: 'compose',
    include: ['test/compose/*.compose.test.ts'],
    maxWorkers: 1,
    testTimeout: 5 * 60_000,
    hookTimeout: 10 * 60_000,
    teardownTimeout: 60_000,
  },
});
