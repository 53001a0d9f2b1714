export type Spread = { median: number; min: number; max: number };

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined) throw new Error('a spread of nothing');
  return { median: (low + high) / 2, min: sorted[0] as number, max: sorted.at(-1) as number };
}
