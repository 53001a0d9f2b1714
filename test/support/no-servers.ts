import { Server, Socket } from 'node:net';

/** Fails each unit test that listens or connects. */
function refuse(): never {
  throw new Error(
    'A unit test starts no server and connects to none. ' +
      'End the name of this file with .parts.test.ts (one real server) or .system.test.ts (the whole stack).',
  );
}

Server.prototype.listen = refuse;
Socket.prototype.connect = refuse;
