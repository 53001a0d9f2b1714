import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

// A program that relays TCP connections and holds what is sent either way for some milliseconds, as a network does.
// Usage: node bench/delay-proxy.ts --port N --host HOST --to PORT --delay-ms N

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    to: { type: 'string', default: '' },
    'delay-ms': { type: 'string', default: '0' },
  },
});
const delayMs = Number(values['delay-ms']);

/** Chunks are on their way together, in order: timers of the same delay fire in the order in which they were set. */
function relay(from: Socket, to: Socket): void {
  const later = (act: () => void) => setTimeout(act, delayMs);
  from.on('data', (chunk) => later(() => to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => later(() => to.destroy()));
}

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const onward = connect({ host: values.host, port: Number(values.to), noDelay: true });
  relay(client, onward);
  relay(onward, client);
});
server.listen(Number(values.port), '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
