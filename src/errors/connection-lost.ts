/** Beginnings of pg's messages for a failed connection: these errors have no code. */
const TEXTS = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
];

/** Reports whether a query failed because Postgres closed the connection or did not answer in time. */
export const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'Error' &&
  TEXTS.some((text) => error.message.startsWith(text));
