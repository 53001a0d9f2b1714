import type { ApiContext } from '../api-context.ts';
import { ApiProblem } from '../api-problem.ts';

/** @throws ApiProblem where anyone can compute a masked value from the plain one, unless a setting allows it */
export function requireUnguessable({
  masking,
  settings,
}: Pick<ApiContext, 'masking' | 'settings'>): void {
  if (masking?.mode !== 'sha256' || settings.guessableValues) return;
  throw new ApiProblem('not-available', {
    detail:
      'values are masked without a key, so anyone can compute them: API_GUESSABLE_VALUES=true allows it',
  });
}
