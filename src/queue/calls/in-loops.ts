/**
 * Repeats calls in loops side by side, at each moment as many as `limit` says. A call that resolves to false ends its loop,
 * and no loop is added from then on. After a failure no call begins; those in flight are awaited.
 * @param begin begins a call; returns undefined when there is nothing to do
 * @throws the first failure
 */
export async function inLoops(
  limit: () => number,
  begin: () => Promise<boolean> | undefined,
): Promise<void> {
  const loops: Promise<void>[] = [];
  const failures: unknown[] = [];
  let running = 0;
  let adds = true;
  const add = () => {
    while (adds && running < limit()) {
      const first = begin();
      if (!first) return;
      running += 1;
      loops.push(loop(first));
    }
  };
  const loop = async (first: Promise<boolean>) => {
    try {
      for (let call: Promise<boolean> | undefined = first; call; ) {
        const goesOn = await call;
        adds &&= goesOn;
        if (!goesOn || failures.length > 0 || running > limit()) return;
        call = begin();
        add();
      }
    } catch (error) {
      adds = false;
      failures.push(error);
    } finally {
      running -= 1;
    }
  };
  add();
  // Loops that are added meanwhile are awaited, too.
  for (const each of loops) await each;
  if (failures.length > 0) throw failures[0];
}
