/** The texts that pg gives its errors when it is the connection that failed: they have no code to tell them by. */
const TEXTS = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
];

/** Whether a query failed since Postgres went away, or did not answer in time: for pg it is a bare Error. */
export const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'Error' &&
  TEXTS.some((text) => error.message.startsWith(text));
