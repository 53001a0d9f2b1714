import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { Stack } from '../../support/stack.ts';
import { testRuntime } from '../../support/test-runtime.ts';
import type { CopiedPayload, ForeignCall, Outcome } from './foreign-workflow.ts';

const TASK_QUEUE = 'foreign';
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

type Call = Omit<ForeignCall, 'payloads'> & { payloads: readonly Payload[] };

/** Somebody in the namespace with a worker of their own and no key, database or queue. */
export type Foreigner = {
  client: Client;
  /** Has our workers do these, from a foreign workflow of this id. */
  call(calls: readonly Call[], workflowId?: string): Promise<Outcome[]>;
  /** An activity of a run as its history has it: anyone may copy it. */
  copy(workflowId: string, activity: string): Promise<Copied>;
  stop(): Promise<void>;
};

export type Copied = { activityId: string; input: Payload[]; result: Payload[] };

export const plain = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

export async function startForeigner({ temporal: server }: Stack): Promise<Foreigner> {
  testRuntime();
  const channelArgs = { 'grpc.max_receive_message_length': -1, 'grpc.enable_http_proxy': 0 };
  const connection = await Connection.connect({ address: server.address, channelArgs });
  const client = new Client({ connection });
  const native = await NativeConnection.connect({ address: server.address });
  const payloadConverterPath = path('foreign-converter.ts');
  const worker = await Worker.create({
    connection: native,
    taskQueue: TASK_QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: path('foreign-workflow.ts'),
      payloadConverterPath,
      logger: new DefaultLogger('WARN'),
    }),
    dataConverter: { payloadConverterPath },
  });
  const running = worker.run();
  return {
    client,
    async call(calls, workflowId = `foreign-${randomUUID()}`) {
      const args = calls.map((call) => ({ ...call, payloads: call.payloads.map(copied) }));
      return client.workflow.execute<(calls: ForeignCall[]) => Promise<Outcome[]>>(
        'foreignWorkflow',
        { taskQueue: TASK_QUEUE, workflowId, args: [args] },
      );
    },
    async copy(workflowId, activity) {
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      return copyOf(events ?? [], activity);
    },
    async stop() {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}

function copyOf(
  events: readonly temporal.api.history.v1.IHistoryEvent[],
  activity: string,
): Copied {
  const scheduled = events.find(
    ({ activityTaskScheduledEventAttributes: each }) => each?.activityType?.name === activity,
  );
  const attributes = scheduled?.activityTaskScheduledEventAttributes;
  const completed = events.find(
    ({ activityTaskCompletedEventAttributes: each }) =>
      each && String(each.scheduledEventId) === String(scheduled?.eventId),
  )?.activityTaskCompletedEventAttributes;
  return {
    activityId: attributes?.activityId ?? '',
    input: (attributes?.input?.payloads ?? []) as Payload[],
    result: (completed?.result?.payloads ?? []) as Payload[],
  };
}

const copied = ({ metadata, data }: Payload): CopiedPayload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, bytes]) => [name, Array.from(bytes)]),
  ),
  data: Array.from(data ?? []),
});
