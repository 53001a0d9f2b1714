import proto, { type temporal } from '@temporalio/proto';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import { foreigner, stack } from './attacked-stack.ts';

const { CommandType } = proto.temporal.api.enums.v1;

type Payloads = temporal.api.common.v1.IPayloads;

/** Longer than Temporal takes to hand out a task that is there. */
const POLL_MS = 5_000;

/**
 * Polls for steps in place of our worker, and answers with these results, by activity id.
 * @param otherwise answers the other steps; with nothing by default
 * @returns what stops it
 */
export function answerSteps(
  results: ReadonlyMap<string, Payloads>,
  taskQueue: string,
  otherwise?: Payloads,
): () => Promise<void> {
  const service = foreigner.client.workflowService;
  const common = { namespace: stack.client.options.namespace, identity: 'foreign' };
  const poll = () =>
    service
      .pollActivityTaskQueue({ ...common, taskQueue: { name: taskQueue } })
      .catch(() => undefined);
  let open = true;
  const answering = (async () => {
    while (open) {
      const task = await foreigner.client.withDeadline(Date.now() + POLL_MS, poll);
      if (!task?.taskToken?.length) continue;
      const result = results.get(task.activityId ?? '') ?? otherwise;
      const { taskToken } = task;
      await service.respondActivityTaskCompleted({
        ...common,
        taskToken,
        ...(result && { result }),
      });
    }
  })();
  return () => {
    open = false;
    return answering;
  };
}

/** Ends a workflow that no worker of ours executes at the moment, as if it had returned this. */
export async function endWorkflow(workflowId: string, result?: Payloads): Promise<void> {
  const service = foreigner.client.workflowService;
  const common = { namespace: stack.client.options.namespace, identity: 'foreign' };
  const taskQueue = { name: TASK_QUEUE };
  // So that there is a task.
  await foreigner.client.workflow.getHandle(workflowId).signal('resume');
  for (;;) {
    const { taskToken, workflowExecution } = await foreigner.client.withDeadline(
      Date.now() + POLL_MS,
      () => service.pollWorkflowTaskQueue({ ...common, taskQueue }),
    );
    if (workflowExecution?.workflowId !== workflowId) continue;
    const completeWorkflowExecutionCommandAttributes = result ? { result } : {};
    await service.respondWorkflowTaskCompleted({
      ...common,
      taskToken,
      commands: [
        {
          commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
          completeWorkflowExecutionCommandAttributes,
        },
      ],
    });
    return;
  }
}
