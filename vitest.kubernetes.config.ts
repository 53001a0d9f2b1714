import { defineConfig } from 'vitest/config';
import { SERVERS } from './vitest.config.ts';

/** `npm run test:kubernetes`: the Helm chart on a cluster of one node. */
export default defineConfig({
  test: {
    ...SERVERS,
    name: 'kubernetes',
    include: ['test/kubernetes/*.cluster.test.ts'],
    maxWorkers: 1,
    testTimeout: 10 * 60_000,
    hookTimeout: 15 * 60_000,
    teardownTimeout: 60_000,
    bail: 0,
  },
});
