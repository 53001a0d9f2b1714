import { type SqsProxy, startSqsProxy } from '../../support/servers/sqs-proxy.ts';
import { type Stack, type StackOptions, startStack } from '../../support/start-stack.ts';
import { UndoList } from '../../support/undo-list.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Proxies between one worker and its three servers. A fault in them affects only this worker. */
export type Ways = {
  env: Record<string, string>;
  sqs: SqsProxy;
  postgres: TcpProxy;
  temporal: TcpProxy;
};

export type FaultStack = Stack & {
  /** Starts proxies. @returns them, with the environment of a worker that uses them */
  proxied(): Promise<Ways>;
  undo: UndoList;
  /** Empties the tables and the queue, and terminates runs that a failed test has left. */
  clear(): Promise<void>;
};

/** Starts the whole stack, with proxies in front of its servers. */
export async function startFaultStack(options: StackOptions = {}): Promise<FaultStack> {
  const undo = new UndoList();
  const stack = await startStack(options);
  undo.push(() => stack.stop());

  async function proxied(): Promise<Ways> {
    const sqs = await startSqsProxy(stack.sqs.server.endpoint);
    undo.push(() => sqs.stop());
    const database = new URL(stack.env.DATABASE_URL as string);
    const postgres = await startTcpProxy({ host: database.hostname, port: Number(database.port) });
    undo.push(() => postgres.stop());
    const [host, port] = stack.temporal.address.split(':') as [string, string];
    const temporal = await startTcpProxy({ host, port: Number(port) });
    undo.push(() => temporal.stop());
    const queueUrl = new URL(stack.queue.url);
    return {
      sqs,
      postgres,
      temporal,
      env: {
        ...stack.env,
        AWS_ENDPOINT_URL_SQS: sqs.endpoint,
        // The SDK connects to the host of the queue's URL.
        SQS_QUEUE_URL: `${sqs.endpoint}${queueUrl.pathname}`,
        DATABASE_URL: Object.assign(database, { host: postgres.address }).href,
        TEMPORAL_ADDRESS: temporal.address,
      },
    };
  }
  async function clear(): Promise<void> {
    for await (const { workflowId } of stack.client.workflow.list({
      query: `ExecutionStatus = 'Running'`,
    })) {
      await stack.client.workflow.getHandle(workflowId).terminate('left behind by another test');
    }
    await stack.clear();
  }
  return { ...stack, proxied, undo, clear, stop: () => undo.run() };
}
