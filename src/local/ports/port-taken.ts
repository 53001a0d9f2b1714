import { freePort, isPortFree } from './free-port.ts';

/** Something else listens on the port. Worth another try on another port. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

const attempts = 3;

/**
 * Starts a server on the port asked for, or on a free one. Between finding a port free and listening
 * on it another process can take it: if the port was our choice, another one is chosen.
 */
export async function onFreePort<T>(
  requestedPort: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    if (requestedPort !== undefined && !(await isPortFree(requestedPort))) {
      throw new PortTakenError(`Port ${requestedPort} is taken: something else listens on it`);
    }
    try {
      return await start(requestedPort ?? (await freePort()));
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === attempts) throw error;
    }
  }
}
