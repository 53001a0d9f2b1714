import type { Logger } from 'pino';
import { Refusal } from './refusal.ts';

export type Answer = { status: number; headers?: Record<string, string>; body?: string };

/** Says what our own refusals say; of anything else, only that it went wrong. */
export function refused(error: unknown, logger: Logger): Answer {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 'an unexpected error');
  if (refusal !== error) logger.error({ error: (error as Error)?.name }, 'request failed');
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/json', ...refusal.headers },
    body: `${JSON.stringify({ error: refusal.message })}\n`,
  };
}
