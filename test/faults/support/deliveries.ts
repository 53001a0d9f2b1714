import type { Fault, SqsProxy } from '../../support/servers/sqs-proxy.ts';

/** Counts how often SQS has delivered each message through a proxy, including answers that were lost. */
export function countDeliveries(proxy: SqsProxy, fault?: Fault): ReadonlyMap<string, number> {
  const deliveries = new Map<string, number>();
  proxy.setFault(async (call, passOn) => {
    const counted = async () => {
      const answer = await passOn();
      const { Messages = [] } = answer.body as { Messages?: { MessageId: string }[] };
      for (const { MessageId: id } of Messages) deliveries.set(id, (deliveries.get(id) ?? 0) + 1);
      return answer;
    };
    return fault ? fault(call, counted) : counted();
  });
  return deliveries;
}

/** The highest count of a message. */
export const most = (deliveries: ReadonlyMap<string, number>): number =>
  Math.max(0, ...deliveries.values());
