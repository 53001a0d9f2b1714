import { SQSServiceException } from '@aws-sdk/client-sqs';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import pg from 'pg';
import {
  AWS_RULINGS,
  awsRuling,
  OWN_RULINGS,
  type Ruling,
  sqlstateRuling,
} from '../domain/verdicts.ts';
import { isConnectionLost } from '../postgres/connection-lost.ts';

/** SQLSTATE connection_failure: as the server would say it if it could. */
const CONNECTION_FAILURE = '08006';

/**
 * Turns what went wrong into a failure that may be seen: made of the step, a code and our own advice. The
 * error's own message, detail and cause can hold values of a row, and are left behind.
 */
export function toFailure(step: string, error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { code, ruling } = judge(error);
  return ApplicationFailure.create({
    message: `${step}: ${ruling.advice} (${code})`,
    type: code,
    nonRetryable: ruling.verdict === 'final',
  });
}

/** The code of an error (SQLSTATE, AWS name, system code, our own class) and what is done about it. */
export function judge(error: unknown): { code: string; ruling: Ruling } {
  if (error instanceof pg.DatabaseError && error.code) {
    return { code: error.code, ruling: sqlstateRuling(error.code) };
  }
  if (isConnectionLost(error)) {
    return { code: CONNECTION_FAILURE, ruling: sqlstateRuling(CONNECTION_FAILURE) };
  }
  const name = error instanceof Error ? error.name : typeof error;
  const own = OWN_RULINGS[name];
  if (own) return { code: name, ruling: own };
  if (error instanceof SQSServiceException || AWS_RULINGS[name]) {
    const status = (error as Partial<SQSServiceException>).$metadata?.httpStatusCode;
    return { code: name, ruling: awsRuling(name, status) };
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code === 'string') {
    return { code, ruling: { verdict: 'wait', advice: 'the network or a server has trouble' } };
  }
  return { code: name, ruling: { verdict: 'retry', advice: 'an unexpected error' } };
}
