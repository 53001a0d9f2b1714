import type { Logger } from 'pino';
import { classifyError } from '../errors/classify-error.ts';
import { Refusal } from './refusal.ts';

export type Answer = {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** Called when the answer was sent or its connection is gone. */
  onSent?: () => void;
};

/** Says what our own refusals say. Of anything else the caller learns that it failed, and the log by what code. */
export function refused(error: unknown, logger: Logger): Answer {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, 'the server failed to answer: its log says why');
  if (refusal !== error) {
    const { code, policy } = classifyError(error);
    logger.error({ error: (error as Error)?.name, code }, `request failed: ${policy.advice}`);
  }
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/json', ...refusal.headers },
    body: `${JSON.stringify({ error: refusal.message })}\n`,
  };
}
