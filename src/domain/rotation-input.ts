/** The input of `rotateMaskingKey`. */
export type RotationInput = {
  /** Written to the audit log. */
  reason: string;
  /** The new masking key. Default: the active key of the custodian's worker. */
  toKeyId?: string;
  /** Of one request: a copy of it starts no second rotation. `login-etl remask start` makes it. */
  requestId?: string;
  /** The most rows that a step re-masks. */
  rowsPerStep: number;
  /** Leaves Postgres to other work between steps. */
  pauseMsBetweenSteps: number;
  /** The wait before another pass, after one that found new rows with an old key. */
  pauseMsBetweenPasses: number;
  maxPasses: number;
};

type NumberSetting = Exclude<keyof RotationInput, 'reason' | 'toKeyId' | 'requestId'>;

export const ROTATION_SETTINGS: Readonly<
  Record<NumberSetting, { min: number; max: number; default: number }>
> = {
  rowsPerStep: { min: 1, max: 10_000, default: 2_000 },
  pauseMsBetweenSteps: { min: 0, max: 3_600_000, default: 0 },
  pauseMsBetweenPasses: { min: 0, max: 86_400_000, default: 60_000 },
  maxPasses: { min: 2, max: 1_000, default: 30 },
};

const MAX_REASON_CHARACTERS = 4_000;

/** Names the setting and the rule, never the value. */
export class InvalidRotationInput extends Error {
  override name = 'InvalidRotationInput';
}

/** @throws InvalidRotationInput listing every problem at once */
export function parseRotationInput(input: unknown): RotationInput {
  const given = (typeof input === 'object' ? (input ?? {}) : {}) as Record<string, unknown>;
  const { reason, toKeyId, requestId, ...numbers } = given;
  const problems: string[] = [];
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > MAX_REASON_CHARACTERS) {
    problems.push(`reason: must be a text of 1 to ${MAX_REASON_CHARACTERS} characters`);
  }
  if (toKeyId !== undefined && typeof toKeyId !== 'string') {
    problems.push('toKeyId: must be the id of a masking key');
  }
  if (requestId !== undefined && (typeof requestId !== 'string' || requestId.length > 64)) {
    problems.push('requestId: must be a text of at most 64 characters');
  }
  const settings = {} as Record<NumberSetting, number>;
  for (const [name, rule] of Object.entries(ROTATION_SETTINGS)) {
    const value = numbers[name] ?? rule.default;
    if (
      Number.isSafeInteger(value) &&
      (value as number) >= rule.min &&
      (value as number) <= rule.max
    ) {
      settings[name as NumberSetting] = value as number;
    } else {
      problems.push(`${name}: must be a whole number from ${rule.min} to ${rule.max}`);
    }
  }
  if (Object.keys(numbers).some((name) => !Object.hasOwn(ROTATION_SETTINGS, name))) {
    problems.push(
      `input: has an unknown setting; known are reason, toKeyId, requestId, ${Object.keys(ROTATION_SETTINGS).join(', ')}`,
    );
  }
  if (problems.length > 0) throw new InvalidRotationInput(problems.join('; '));
  return {
    ...settings,
    reason: reason as string,
    ...(toKeyId !== undefined && { toKeyId: toKeyId as string }),
    ...(requestId !== undefined && { requestId: requestId as string }),
  };
}
