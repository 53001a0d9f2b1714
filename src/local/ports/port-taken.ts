import { freePort, isPortFree } from './free-port.ts';

/** Something else listens on the port: another port may work. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

const attempts = 3;

/**
 * Starts a server on the requested port or a free one. Another process may take a free port before the server listens:
 * then, unless the port was requested, another one is tried.
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
