import { type NumberRule, readNumbers, unknownSettings } from '../input-settings.ts';

/** The input of `rotateMaskingKey`. */
export type RotationInput = {
  /** Written to the audit log. */
  reason: string;
  /** The new masking key. Default: the active key of the custodian's worker. */
  toKeyId?: string;
  /** The request that `login-etl remask start` has put on record. A rotation needs one that no other has used. */
  requestId?: string;
  /** Whether to wait for workers that mask with another key; by default, the rotation is refused while there are any. */
  waitForWorkers?: boolean;
  /** The most rows that a step re-masks. */
  rowsPerStep: number;
  /** Leaves Postgres to other work between steps. */
  pauseMsBetweenSteps: number;
  /** The wait before another pass, after one that found new rows with an old key. */
  pauseMsBetweenPasses: number;
  maxPasses: number;
};

type NumberSetting = Exclude<
  keyof RotationInput,
  'reason' | 'toKeyId' | 'requestId' | 'waitForWorkers'
>;

export const ROTATION_SETTINGS: Readonly<Record<NumberSetting, NumberRule>> = {
  rowsPerStep: { min: 1, max: 10_000, default: 2_000 },
  pauseMsBetweenSteps: { min: 0, max: 3_600_000, default: 0 },
  pauseMsBetweenPasses: { min: 0, max: 86_400_000, default: 60_000 },
  maxPasses: { min: 2, max: 1_000, default: 30 },
};

export const ROTATION_INPUT_NAMES: readonly string[] = [
  'reason',
  'toKeyId',
  'requestId',
  'waitForWorkers',
  ...Object.keys(ROTATION_SETTINGS),
];

const MAX_REASON_CHARACTERS = 4_000;
const REASON_RULE = `reason: must be a text of 1 to ${MAX_REASON_CHARACTERS} characters`;
const KEY_ID_RULE = 'toKeyId: must be the id of a masking key';
const REQUEST_ID_RULE = 'requestId: must be a text of at most 64 characters';
const WAIT_RULE = 'waitForWorkers: must be true or false';
export const ROTATION_INPUT_RULES = [REASON_RULE, KEY_ID_RULE, REQUEST_ID_RULE, WAIT_RULE];

/** Like that of `InvalidIngestInput`, its message never contains a value. */
export class InvalidRotationInput extends Error {
  override name = 'InvalidRotationInput';
}

/** @throws InvalidRotationInput listing every problem at once */
export function parseRotationInput(input: unknown): RotationInput {
  const given = (typeof input === 'object' ? (input ?? {}) : {}) as Record<string, unknown>;
  const { reason, toKeyId, requestId, waitForWorkers, ...numbers } = given;
  const { settings, problems } = readNumbers(numbers, ROTATION_SETTINGS);
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > MAX_REASON_CHARACTERS) {
    problems.push(REASON_RULE);
  }
  if (toKeyId !== undefined && typeof toKeyId !== 'string') problems.push(KEY_ID_RULE);
  if (requestId !== undefined && (typeof requestId !== 'string' || requestId.length > 64)) {
    problems.push(REQUEST_ID_RULE);
  }
  if (waitForWorkers !== undefined && typeof waitForWorkers !== 'boolean') problems.push(WAIT_RULE);
  problems.push(...unknownSettings(given, ROTATION_INPUT_NAMES));
  if (problems.length > 0) throw new InvalidRotationInput(problems.join('; '));
  return {
    ...settings,
    reason: reason as string,
    ...(toKeyId !== undefined && { toKeyId: toKeyId as string }),
    ...(requestId !== undefined && { requestId: requestId as string }),
    ...(waitForWorkers !== undefined && { waitForWorkers: waitForWorkers as boolean }),
  };
}
