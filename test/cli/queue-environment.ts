import type { TestQueue } from '../support/servers/test-queue.ts';

/** The settings of a test's queue, by name: so that a test can name another. */
export const queueEnvironment = (queue: TestQueue): Record<string, string> => ({
  AWS_REGION: queue.server.region,
  AWS_ENDPOINT_URL_SQS: queue.server.endpoint,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});
