import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import type { Gate } from './gate.ts';

/** A connection through the proxy. */
export type Link = {
  /** Cuts it at once, as a firewall or a failing host would. */
  cut(): void;
  /** Cuts it at the server's next answer, which the client does not receive. */
  cutAtAnswer(): void;
  /** Holds the server's answers at the gate from now on. */
  holdAnswers(gate: Gate): void;
};

/** Called with what a client sends, before it is passed on. Resolves to false to drop it. */
export type TcpFault = (sent: Buffer, link: Link) => boolean | Promise<boolean>;

export type TcpProxy = {
  /** host:port */
  address: string;
  port: number;
  setFault(fault?: TcpFault): void;
  /** Cuts every open connection. @returns how many */
  cutAll(): number;
  /** Delays what is sent in both directions from now on. */
  delay(ms: number): void;
  stop(): Promise<void>;
};

/** Starts a TCP proxy in front of a server, to break its connections. */
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

/** Passes chunks on in order, each after the one before it. */
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
    // Both halves of the connection are closed.
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
