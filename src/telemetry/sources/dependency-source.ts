import { DEPENDENCIES, type Readiness } from '../health/readiness.ts';
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
      const reachable = await readiness();
      for (const dependency of DEPENDENCIES) up.set(reachable[dependency] ? 1 : 0, { dependency });
    },
  };
}
