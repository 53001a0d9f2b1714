import { INGEST_SETTINGS, NOT_AN_OBJECT } from '../domain/ingest-input.ts';
import {
  isMistyped,
  mistypedSetting,
  type NumberRule,
  outsideRule,
  unknownCount,
} from '../domain/input-settings.ts';
import {
  ROTATION_INPUT_NAMES,
  ROTATION_INPUT_RULES,
  ROTATION_SETTINGS,
} from '../domain/rotation/rotation-input.ts';
import { AWS_POLICY, type ErrorPolicy, OWN_POLICY, SQLSTATE_POLICY } from './error-policy.ts';
import { BY_NAME, OTHER_ADVICE } from './other-errors.ts';

/**
 * The closed list of failure texts that leave for Temporal in clear, so that `temporal workflow describe`, tctl and the Web
 * UI show why a run failed. Each text is put together from the constants here and in the lists that are imported: nothing
 * is copied from the failure's own message, except for a mistyped setting.
 */
const FIXED: ReadonlySet<string> = new Set([
  ...['Activity task failed', 'Child Workflow execution failed'],
  ...['cancelled; what was in hand is stored', 'cancelled; the step in hand was finished'],
  'stopped before it began',
  'the worker is shutting down; another one receives',
  'a step was answered with the result of another run',
  'a step or a child was answered with nothing',
  'beginRotation: MASKING_MODE is sha256: there is no key to rotate',
  "beginRotation: the custodian's worker has another active masking key than --to names",
  'beginRotation: this rotation has ended, or was begun with another key',
  'beginRotation: no custodian has requested it: start it with `login-etl remask start`',
  'beginRotation: another rotation was started with the same request',
  'a recovery is refused: it has no request',
  'a recovery is refused: no custodian has requested it, or it has ended: start it with `login-etl recover`',
]);

const STEPS = [
  ...['receiveBatch', 'maskBatch', 'insertBatch', 'acknowledgeBatch', 'recordRun'],
  ...['beginRotation', 'endRotation', 'remaskBatch', 'setOriginalsAside', 'removeOriginals'],
  ...['removeDataKeys', 'findOldKeyWriters', 'maintainPartitions', 'applyRetention', 'countShards'],
  ...['beginRecovery', 'recoverRuns', 'finishRecovery'],
];

const PAYLOADS = [
  ...['the input', 'the second argument', 'the result of a step', 'the result of a child'],
  ...STEPS.map((step) => `${step}: the argument`),
];
const WHY_REFUSED = [
  'it is not encrypted',
  'it was sealed for another workflow or place',
  'it was sealed for another place',
  'it does not open',
  'it cannot be read',
  'it was sealed as a result',
  'it was sealed by an earlier build',
  'it was sealed for another activity',
];
const REFUSED: ReadonlySet<string> = new Set([
  ...PAYLOADS.flatMap((payload) => [
    ...WHY_REFUSED.map((why) => `a payload is refused: ${payload}: ${why}`),
    ...WHY_REFUSED.map((why) => `${payload} is refused: ${why}`),
    `a payload is refused: ${payload} is not encrypted`,
  ]),
  'a payload is refused: a query takes no argument',
  'a payload is refused: there are no updates',
  'a payload is refused: the input was sealed by an earlier build: start it with this one',
]);

/** Node's names of the usual troubles with a network or a file. */
const SYSTEM_CODES = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EACCES', 'ENOSPC'],
];

/** Returns the text to show for a failure; undefined when its message has to be encoded. */
export function clearFailure(message: string): string | undefined {
  if (FIXED.has(message) || REFUSED.has(message)) return message;
  return clearInputProblems(message) ?? clearStepFailure(message) ?? clearMissingKey(message);
}

const MISSING_KEY =
  /^a payload is refused: ([^:]+): a payload was encrypted with the key [^:]+: add that key again$/;

/** Without the key's id, which whoever made the payload chose. */
function clearMissingKey(message: string): string | undefined {
  const payload = MISSING_KEY.exec(message)?.[1] ?? '';
  return PAYLOADS.includes(payload)
    ? `a payload is refused: ${payload}: it was encrypted with a key that PAYLOAD_KEYS does not hold: add that key again`
    : undefined;
}

function clearInputProblems(message: string): string | undefined {
  return message.split(/; (?!known are )/).every(isInputProblem) || message === NOT_AN_OBJECT
    ? message
    : undefined;
}

const RULES: [string, NumberRule][] = [
  ...Object.entries(INGEST_SETTINGS),
  ...Object.entries(ROTATION_SETTINGS),
];
const KNOWN_SETTINGS = [Object.keys(INGEST_SETTINGS), ROTATION_INPUT_NAMES];
const INPUT_PROBLEMS: ReadonlySet<string> = new Set([
  ...RULES.map(([name, rule]) => outsideRule(name, rule)),
  ...ROTATION_INPUT_RULES,
]);
const MISTYPED = /^input: unknown setting (\S+), did you mean (\S+)\?$/;
const COUNTED = /^input: (\d{1,4}) unknown/;

function isInputProblem(text: string): boolean {
  if (INPUT_PROBLEMS.has(text)) return true;
  const [, name = '', meant = ''] = MISTYPED.exec(text) ?? [];
  if (text === mistypedSetting(name, meant)) {
    return KNOWN_SETTINGS.some((known) => known.includes(meant)) && isMistyped(name, meant);
  }
  const count = Number(COUNTED.exec(text)?.[1]);
  return KNOWN_SETTINGS.some((known) => text === unknownCount(count, known));
}

const STEP_FAILURE = /^(\w+)[^:]*: (.*) \(([\w. ]+)\)$/s;

/** A step's failure without its details: the queue's name and the table's trigger, which are of the deployment. */
function clearStepFailure(message: string): string | undefined {
  const [, step = '', advice = '', code = ''] = STEP_FAILURE.exec(message) ?? [];
  if (!STEPS.includes(step)) return undefined;
  for (const { known, shown } of policiesOf(code)) {
    if (advice.startsWith(known)) return `${step}: ${known}${shown && ` (${shown})`}`;
  }
  return undefined;
}

function policiesOf(code: string): { known: string; shown: string }[] {
  const named = (policies: Readonly<Record<string, ErrorPolicy>>, key: string, shown = key) =>
    Object.hasOwn(policies, key) ? [{ known: policies[key]?.advice ?? '', shown }] : [];
  const others = SYSTEM_CODES.includes(code) ? code : '';
  const sqlClass = code.slice(0, 2);
  return [
    ...named(AWS_POLICY, code),
    ...named(OWN_POLICY, code),
    ...named(SQLSTATE_POLICY, code),
    // The rest of a code may be chosen by a trigger.
    ...(/^[0-9A-Z]{5}$/.test(code) ? named(SQLSTATE_POLICY, sqlClass, `class ${sqlClass}`) : []),
    ...named(BY_NAME, code),
    ...Object.values(OTHER_ADVICE).map((known) => ({ known, shown: others })),
  ];
}
