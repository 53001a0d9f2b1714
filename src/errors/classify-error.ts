import { SQSServiceException } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { isConnectionLost } from './connection-lost.ts';
import {
  AWS_POLICY,
  type ErrorPolicy,
  OWN_POLICY,
  policyForAwsError,
  policyForSqlstate,
} from './error-policy.ts';
import { policyForOtherError } from './other-errors.ts';
import { Problem } from './problem.ts';
import { TableTrouble } from './table-trouble.ts';

/** SQLSTATE connection_failure. */
const CONNECTION_FAILURE = '08006';

/** Returns the code of an error (SQLSTATE, AWS name, system code or the name of our class) and its policy. */
export function classifyError(error: unknown): { code: string; policy: ErrorPolicy } {
  if (error instanceof pg.DatabaseError && error.code) {
    return { code: error.code, policy: policyForSqlstate(error.code) };
  }
  if (isConnectionLost(error)) {
    return { code: CONNECTION_FAILURE, policy: policyForSqlstate(CONNECTION_FAILURE) };
  }
  const name = error instanceof Error ? error.name : typeof error;
  const own = OWN_POLICY[name];
  const detail =
    error instanceof TableTrouble ? error.detail : error instanceof Problem ? error.why : undefined;
  if (own && detail) return { code: name, policy: { ...own, advice: `${own.advice}: ${detail}` } };
  if (own) return { code: name, policy: own };
  if (error instanceof SQSServiceException || AWS_POLICY[name]) {
    const status = (error as Partial<SQSServiceException>).$metadata?.httpStatusCode;
    return { code: name, policy: policyForAwsError(name, status) };
  }
  if (error instanceof Problem) {
    return { code: name, policy: { action: 'wait', advice: error.why } };
  }
  return policyForOtherError(error, name);
}
