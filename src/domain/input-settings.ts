/** The rule of a setting that is a whole number. */
export type NumberRule = { min: number; max: number; default: number };

type Rules<Name extends string> = Readonly<Record<Name, NumberRule>>;

/** Names the setting and its rule, never the value: an input may contain anything. */
export const outsideRule = (name: string, { min, max }: NumberRule): string =>
  `${name}: must be a whole number from ${min} to ${max}`;

/** Reads whole numbers; a setting that is missing or null gets its default. */
export function readNumbers<Name extends string>(
  given: Readonly<Record<string, unknown>>,
  rules: Rules<Name>,
): { settings: Record<Name, number>; problems: string[] } {
  const settings = {} as Record<Name, number>;
  const problems: string[] = [];
  for (const [name, rule] of Object.entries(rules) as [Name, NumberRule][]) {
    const value = (given[name] ?? rule.default) as number;
    if (Number.isSafeInteger(value) && value >= rule.min && value <= rule.max) {
      settings[name] = value;
    } else {
      problems.push(outsideRule(name, rule));
    }
  }
  return { settings, problems };
}

/**
 * Describes the settings that are unknown. A mistyped one is named, since it is nearly the name of a known one; others may
 * be anything, and are only counted.
 */
export function unknownSettings(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string[] {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  const mistyped = unknown.flatMap((name) => {
    const meant = known.find((each) => isMistyped(name, each));
    return meant === undefined ? [] : [mistypedSetting(name, meant)];
  });
  const others = unknown.length - mistyped.length;
  return others > 0 ? [...mistyped, unknownCount(others, known)] : mistyped;
}

export const mistypedSetting = (name: string, meant: string): string =>
  `input: unknown setting ${name}, did you mean ${meant}?`;

export const unknownCount = (count: number, known: readonly string[]): string =>
  `input: ${count} unknown setting(s); known are ${known.join(', ')}`;

const MAX_MISTYPED_CHARACTERS = 24;

/** One wrong letter in a short name, up to three in a long one; case, `-` and `_` do not count. */
export function isMistyped(name: string, meant: string): boolean {
  if (name.length > MAX_MISTYPED_CHARACTERS || !/^[A-Za-z][A-Za-z_-]*$/.test(name)) return false;
  const [typed, right] = [name, meant].map((each) => each.toLowerCase().replaceAll(/[_-]/g, ''));
  return distance(typed as string, right as string) <= Math.max(1, Math.floor(meant.length / 4));
}

/** Levenshtein distance. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [at, other] of Array.from(to).entries()) {
      const replaced = (row[at] as number) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] as number) + 1, (next[at] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
