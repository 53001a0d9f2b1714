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
 * Describes an error without its values. Messages of libraries, such as a JSON parser or Postgres, can repeat input, so
 * only our own failures keep their messages; all others show name, code and stack frames.
 */
export function describeError(error: Error, depth = 0): ErrorDescription {
  const code = (error as NodeJS.ErrnoException).code;
  // Its message contains only the id of the key.
  const own = error instanceof ApplicationFailure || error.name === 'UnknownPayloadKey';
  const frames = framesOf(error);
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(own && { message: error.message }),
    ...(error instanceof ApplicationFailure && error.type && { code: error.type }),
    ...(frames.length > 0 && !own && { frames }),
    ...(error.cause instanceof Error &&
      depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** A stack frame ends with a line and a column. */
const FRAME = /^at .*:\d+:\d+\)?$/;

/** Reads only the lines after the message, which may itself contain lines that look like frames. */
function framesOf({ stack = '', message }: Error): string[] {
  const begin = stack.indexOf(message);
  if (begin < 0) return [];
  return stack
    .slice(begin + message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => FRAME.test(line))
    .slice(0, MAX_FRAMES);
}
