import { ApplicationFailure } from '@temporalio/common';

export type ErrorDescription = {
  name: string;
  code?: string;
  message?: string;
  frames?: string[];
  cause?: ErrorDescription;
};

const MAX_FRAMES = 12;
const MAX_CAUSES = 5;

/**
 * An error as it may be logged. The messages of other people's errors can repeat what they were given (a JSON
 * parser's, Postgres'), so only those of our own failures are kept; the rest show name, code and stack frames.
 */
export function describeError(error: Error, depth = 0): ErrorDescription {
  const code = (error as NodeJS.ErrnoException).code;
  const own = error instanceof ApplicationFailure;
  const frames = (error.stack ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^at .*[:)]\d*\)?$/.test(line))
    .slice(0, MAX_FRAMES);
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(own && { message: error.message }),
    ...(own && error.type && { code: error.type }),
    ...(frames.length > 0 && !own && { frames }),
    ...(error.cause instanceof Error &&
      depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}
