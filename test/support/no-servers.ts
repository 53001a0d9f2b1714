import { Server, Socket } from 'node:net';

/** In the `unit` project: a test that listens or connects belongs in another project. */
function refuse(): never {
  throw new Error(
    'A unit test starts no server and connects to none. ' +
      'End the name of this file with .parts.test.ts (one real server) or .system.test.ts (the whole stack).',
  );
}

Server.prototype.listen = refuse;
Socket.prototype.connect = refuse;
