import { isGrpcServiceError } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { Problem } from '../errors/problem.ts';

/** The gRPC status of what does not exist: a namespace, a schedule, a deployment. */
export const NOT_FOUND = 5;

type Meaning = { why: string; whatToDo: string };

const REACH =
  'Check TEMPORAL_ADDRESS (host:port) and TEMPORAL_TLS, and that the server is up. `login-etl doctor` looks at each part.';
const ACCESS = 'Check TEMPORAL_API_KEY or the client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH).';

/** Keyed by gRPC status code. The server's own messages are dropped, since they may repeat input. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  3: {
    why: 'it does not accept the request (INVALID_ARGUMENT)',
    whatToDo: 'Check the options of the command.',
  },
  4: { why: 'it did not answer in time (DEADLINE_EXCEEDED)', whatToDo: REACH },
  [NOT_FOUND]: {
    why: 'the namespace does not exist (NOT_FOUND)',
    whatToDo:
      'Check TEMPORAL_NAMESPACE, or create it: `temporal operator namespace create --namespace NAME --retention 7d`.',
  },
  7: { why: 'access is denied (PERMISSION_DENIED)', whatToDo: ACCESS },
  8: {
    why: 'it is throttling requests (RESOURCE_EXHAUSTED)',
    whatToDo: 'Try again in a minute.',
  },
  12: {
    why: 'the server is not Temporal, or an old version of it (UNIMPLEMENTED)',
    whatToDo: REACH,
  },
  14: { why: 'it cannot be reached (UNAVAILABLE)', whatToDo: REACH },
  16: { why: 'it does not know who is asking (UNAUTHENTICATED)', whatToDo: ACCESS },
};

/** The address and namespace, for messages. */
export const temporalAddress = ({ connectionOptions, namespace }: Config['temporal']): string =>
  `${connectionOptions.address ?? 'localhost:7233'} (namespace ${namespace})`;

/** Reports whether an error comes from a call to Temporal, so that `temporalProblem` can explain it. */
export const isTemporalError = (error: unknown): boolean =>
  grpcStatus(error) !== undefined ||
  ['NamespaceNotFoundError', 'UnknownPayloadKey'].includes(
    (error as Error | undefined)?.name ?? '',
  );

/** Explains a failed call to Temporal in terms of the settings. */
export function temporalProblem(what: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { why, whatToDo } = meaning(error);
  return new Problem(what, why, whatToDo);
}

/** Returns the gRPC status code of a client error or of its cause. */
export function grpcStatus(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  const cause = error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

function meaning(error: unknown): Meaning {
  const name = error instanceof Error ? error.name : typeof error;
  const status = grpcStatus(error);
  if (name === 'NamespaceNotFoundError') return MEANINGS[5] as Meaning;
  if (name === 'UnknownPayloadKey') {
    return {
      why: (error as Error).message,
      whatToDo: 'Add that key to PAYLOAD_KEYS here, and wherever the payload keys are set.',
    };
  }
  if (status !== undefined) {
    return MEANINGS[status] ?? { why: `it failed with gRPC status ${status}`, whatToDo: REACH };
  }
  // The client's "Failed to connect before the deadline" is a bare Error without a code; the worker's has a name.
  const isUnreachable =
    name === 'TransportError' ||
    (error instanceof Error && error.message === 'Failed to connect before the deadline');
  return isUnreachable
    ? { why: 'nobody answers at the address, or not as Temporal does', whatToDo: REACH }
    : { why: `the call failed in the client (${name})`, whatToDo: REACH };
}
