import {
  ApplicationFailure,
  patched,
  type WorkflowExecuteInput,
  type WorkflowInterceptorsFactory,
  workflowInfo,
} from '@temporalio/workflow';
import { WORKFLOW_TYPE } from '../domain/names.ts';
import { originOf, refusalReason } from '../domain/payload-origin.ts';

/** In builds up to 0.3.0 every workflow accepted an input that was not bound to a workflow. */
const BOUND_INPUT = 'bound-input';

/** The failure type of a run that got a payload which is not accepted in its place. */
const PAYLOAD_REFUSED = 'PayloadRefused';

/**
 * Accepts plain values only as the input of `ingestLogins`. Signals and queries take no arguments, so any argument is
 * refused. Every activity argument names its activity, which the activity checks (`activities/accept-arguments.ts`).
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async execute(input, next) {
        checkInput(input);
        return next(input);
      },
      handleSignal: (input, next) => (input.args.length > 0 ? Promise.resolve() : next(input)),
      handleQuery(input, next) {
        if (input.args.length > 0) throw refused('a query takes no argument');
        return next(input);
      },
      validateUpdate: () => {
        throw refused('there are no updates');
      },
    },
  ],
  outbound: [
    {
      async scheduleActivity(input, next) {
        const [request, ...rest] = input.args as [object, ...unknown[]];
        const args = [{ ...request, activity: input.activityType }, ...rest];
        return sealed(await next({ ...input, args }), 'result of a step');
      },
      async startChildWorkflowExecution(input, next) {
        const [started, completed] = await next(input);
        return [started, completed.then((result) => sealed(result, 'result of a child'))];
      },
    },
  ],
});

/** The first argument may be plain where people start the workflow; the arguments of a continued run may not. */
function checkInput({ args: [input, ...carried] }: WorkflowExecuteInput): void {
  const { workflowType } = workflowInfo();
  if (workflowType !== WORKFLOW_TYPE) {
    sealed(input, 'input');
    if (originOf(input) === 'unbound' && patched(BOUND_INPUT)) {
      throw refused('the input was sealed by an earlier build: start it with this one');
    }
  } else if (originOf(input) === 'refused') sealed(input, 'input');
  for (const value of carried) sealed(value, 'second argument');
}

/** @throws ApplicationFailure unless the value was sealed for this place */
function sealed<T>(value: T, what: string): T {
  const origin = originOf(value);
  if (origin === 'plain') throw refused(`the ${what} is not encrypted`);
  if (origin === 'refused') throw refused(`the ${what}: ${refusalReason(value)}`);
  return value;
}

const refused = (why: string) =>
  ApplicationFailure.nonRetryable(`a payload is refused: ${why}`, PAYLOAD_REFUSED);
