import {
  ApplicationFailure,
  log,
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

/** Up to 0.3.0 the result of a step did not name its run. */
const RESULTS_NAME_THEIR_RUN = 'results-name-their-run';

/**
 * Accepts plain values only as the input of `ingestLogins`. Signals and queries take no arguments, so a signal with one is
 * dropped, whatever it holds, and a query with one is refused. Every activity argument names its activity and its run: the
 * activity checks the one and repeats the other in its result (`activities/accept-arguments.ts`).
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async execute(input, next) {
        checkInput(input);
        return next(input);
      },
      async handleSignal(input, next) {
        if (input.args.length === 0) return next(input);
        log.warn('a signal was dropped: signals take no argument');
      },
      // Async, since the SDK fails the workflow task when this throws.
      async handleQuery(input, next) {
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
        const run = patched(RESULTS_NAME_THEIR_RUN) ? { run: runName() } : {};
        const args = [{ ...request, activity: input.activityType, ...run }, ...rest];
        const result = sealed(await next({ ...input, args }), 'result of a step');
        return run.run === undefined ? result : ofThisRun(result, run.run, input.activityType);
      },
      async startChildWorkflowExecution(input, next) {
        const [started, completed] = await next(input);
        return [started, completed.then((result) => sealed(given(result), 'result of a child'))];
      },
    },
  ],
});

/** The first argument may be plain where people start the workflow; the arguments of a continued run may not. */
function checkInput({ args: [input, ...carried] }: WorkflowExecuteInput): void {
  const { workflowType, continuedFromExecutionRunId, unsafe } = workflowInfo();
  const withoutKey = [input, ...carried].find((value) => originOf(value) === 'missing key');
  if (withoutKey !== undefined) {
    // A worker with the key accepted it. Fail the workflow task, which such a worker then tries.
    if (unsafe.isReplaying) throw new Error(refusalReason(withoutKey));
    if (carried.length > 0 && continuedFromExecutionRunId !== undefined) {
      throw new Error(
        'the run that this one continues sealed its state with a key that PAYLOAD_KEYS does not hold',
      );
    }
  }
  if (workflowType !== WORKFLOW_TYPE) {
    sealed(input, 'input');
    if (originOf(input) === 'unbound' && patched(BOUND_INPUT)) {
      throw refused('the input was sealed by an earlier build: start it with this one');
    }
  } else if (originOf(input) !== 'plain') sealed(input, 'input');
  for (const value of carried) sealed(value, 'second argument');
}

/** A workflow id can be used again, also by a cron. A reset run keeps this id, and so can read its results. */
const runName = (): string => workflowInfo().originalExecutionRunId;

/** Results that are no objects, and so name no run. The steps that follow look for the record of this run. */
const OTHER_RESULTS: Readonly<Record<string, string>> = {
  beginRotation: 'string',
  endRotation: 'undefined',
};

/** @throws a failure that ends the run when the result is not one of this run */
function ofThisRun(result: unknown, run: string, activity: string): unknown {
  if (typeof result === OTHER_RESULTS[activity]) return result;
  const { run: named, ...own } = given(result) as { run?: string };
  if (named === run) return own;
  throw foreign('a step was answered with the result of another run');
}

/**
 * Whoever may complete a step or a child can answer it with nothing.
 * @throws a failure that ends the run, while a TypeError in what follows would stop it for good
 */
function given(result: unknown): object {
  if (typeof result === 'object' && result !== null) return result;
  throw foreign('a step or a child was answered with nothing');
}

const foreign = (message: string) => ApplicationFailure.nonRetryable(message, 'ForeignResult');

/** @throws ApplicationFailure unless the value was sealed for this place */
function sealed<T>(value: T, what: string): T {
  const origin = originOf(value);
  if (origin === 'plain') throw refused(`the ${what} is not encrypted`);
  if (origin === 'refused' || origin === 'missing key') {
    throw refused(`the ${what}: ${refusalReason(value)}`);
  }
  return value;
}

const refused = (why: string) =>
  ApplicationFailure.nonRetryable(`a payload is refused: ${why}`, PAYLOAD_REFUSED);
