import type { ErrorPolicy } from './error-policy.ts';

const FILE_SYSTEM_CALL =
  /^(access|chmod|copyfile|l?stat|mkdir|open|read|rename|rm|scandir|unlink|write)/;

/** Node's codes for a call that a program makes wrongly; those of TLS and HTTP are the network's. */
const WRONG_CALL = /^ERR_(?!TLS|SSL|SOCKET|STREAM|HTTP)/;

/** The advice for errors without a policy of their own. */
export const OTHER_ADVICE = {
  report:
    'this is a fault of login-etl: report the step, this name and the version to its maintainers',
  temporal: 'Temporal refuses the call, or fails it: see `login-etl doctor`',
  file: 'a file cannot be read or written',
  network: 'the network or a server has trouble',
} as const;

/** By the name of an error that has no code. */
export const BY_NAME: Readonly<Record<string, ErrorPolicy>> = {
  SyntaxError: { action: 'retry', advice: 'a file or an answer is not valid JSON' },
  TransportError: {
    action: 'wait',
    advice:
      'Temporal does not answer, or not as Temporal does: check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TEMPORAL_TLS',
  },
  NamespaceNotFoundError: {
    action: 'wait',
    advice: 'the namespace of Temporal does not exist: check TEMPORAL_NAMESPACE',
  },
  AbortError: { action: 'retry', advice: 'the call was cancelled' },
};

/** Errors that are neither of Postgres nor of AWS: of files, the network, Temporal's client, or a fault of our own. */
export function policyForOtherError(
  error: unknown,
  name: string,
): { code: string; policy: ErrorPolicy } {
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown };
  if (typeof code === 'number') {
    const policy = { action: 'wait', advice: OTHER_ADVICE.temporal } as const;
    return { code: `gRPC status ${code}`, policy };
  }
  if (typeof code === 'string' && !WRONG_CALL.test(code)) {
    const advice =
      typeof syscall === 'string' && FILE_SYSTEM_CALL.test(syscall)
        ? OTHER_ADVICE.file
        : OTHER_ADVICE.network;
    return { code, policy: { action: 'wait', advice } };
  }
  return {
    code: typeof code === 'string' ? code : name,
    policy: BY_NAME[name] ?? { action: 'retry', advice: OTHER_ADVICE.report },
  };
}
