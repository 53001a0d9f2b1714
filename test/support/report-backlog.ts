import type { Stack } from './stack.ts';

/** Lets SQS report this many messages, so that a test needs not send as many. */
export const reportBacklog = ({ sqs }: Pick<Stack, 'sqs'>, messages: number): void =>
  sqs.proxy.setFault(async ({ action }, passOn) => {
    const answer = await passOn();
    if (action !== 'GetQueueAttributes') return answer;
    const { Attributes } = answer.body as { Attributes?: Record<string, string> };
    const reported = { ...Attributes, ApproximateNumberOfMessages: String(messages) };
    return { ...answer, body: { ...answer.body, Attributes: reported } };
  });
