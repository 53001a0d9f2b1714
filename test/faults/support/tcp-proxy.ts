import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import type { Gate } from './gate.ts';

/** One connection that goes through the proxy. */
export type Link = {
  /** At once, as a firewall or a dying host would. */
  cut(): void;
  /** When the server next answers: the client never hears of it. */
  cutAtAnswer(): void;
  /** The server's answers wait at the gate from now on. */
  holdAnswers(gate: Gate): void;
};

/** Looks at what a client sends before it is passed on. Resolves to false to swallow it. */
export type TcpFault = (sent: Buffer, link: Link) => boolean | Promise<boolean>;

export type TcpProxy = {
  /** host:port */
  address: string;
  port: number;
  setFault(fault?: TcpFault): void;
  /** Cuts every connection that there is. @returns how many */
  cutAll(): number;
  /** From now on, what is sent either way is held back for so long. */
  delay(ms: number): void;
  stop(): Promise<void>;
};

/** A TCP proxy before a server, so that connections break from outside. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let fault: TcpFault | undefined;
  let delayMs = 0;

  const server = createServer({ noDelay: true }, (client) => {
    const onward = connect({ ...target, noDelay: true });
    let cutsAtAnswer = false;
    let gate: Gate | undefined;
    const link: Link = {
      cut() {
        client.resetAndDestroy();
        onward.resetAndDestroy();
      },
      cutAtAnswer() {
        cutsAtAnswer = true;
      },
      holdAnswers(next) {
        gate = next;
      },
    };
    links.add(link);
    for (const socket of [client, onward]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        links.delete(link);
        client.destroy();
        onward.destroy();
      });
    }
    const held = () => new Promise((resolve) => setTimeout(resolve, delayMs));
    void relay(client, onward, async (chunk) => {
      if (delayMs > 0) await held();
      return (await fault?.(chunk, link)) ?? true;
    });
    void relay(onward, client, async () => {
      if (delayMs > 0) await held();
      if (cutsAtAnswer) link.cut();
      await gate?.pass();
      return !cutsAtAnswer;
    });
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    port,
    setFault: (next) => {
      fault = next;
    },
    cutAll() {
      const all = [...links];
      for (const link of all) link.cut();
      return all.length;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const link of links) link.cut();
      await closed;
    },
  };
}

/** In order: a chunk is looked at only after the one before it was passed on. */
async function relay(
  from: Socket,
  to: Socket,
  look: (chunk: Buffer) => Promise<boolean>,
): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if ((await look(chunk)) && !to.destroyed && !to.write(chunk)) await drained(to);
    }
    to.end();
  } catch {
    // The connection is gone, and its other half with it.
  }
}

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('drain', resolve).once('close', resolve);
  });

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
