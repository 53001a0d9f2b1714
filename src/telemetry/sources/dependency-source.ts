import type { Readiness } from '../health/readiness.ts';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

export function dependencySource(readiness: Readiness): Source {
  const up = meter().createGauge(
    'login_etl_dependency_up',
    'int',
    undefined,
    '1 when the worker reaches the part, 0 when not',
  );
  return {
    name: 'dependencies',
    async sample() {
      for (const [dependency, state] of Object.entries(await readiness())) {
        up.set(state === 'ok' ? 1 : 0, { dependency });
      }
    },
  };
}
