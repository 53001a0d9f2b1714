import type { OnProgress } from '../../postgres/adopt/adopt-table.ts';
import { type Progress, startProgress } from '../terminal/progress-bar.ts';

/** One bar after the other: reading, copying, comparing. */
export function adoptionProgress(): { update: OnProgress; stop(): void } {
  let bar: Progress | undefined;
  let shown: string | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
    shown = undefined;
  };
  return {
    stop,
    update(phase, done, total) {
      if (phase !== shown) {
        stop();
        bar = startProgress(`${phase.padEnd(10)} {bar} {percentage}%`, total);
        shown = phase;
      }
      bar?.update(done, {}, total);
      if (done >= total) stop();
    },
  };
}
