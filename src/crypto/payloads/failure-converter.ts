import { DefaultFailureConverter, type ProtoFailure } from '@temporalio/common';
import { clearFailure } from '../../errors/clear-failures.ts';

/** Encodes messages and stack traces of failures. A text of the closed list is also shown in clear. */
class ReadableFailureConverter extends DefaultFailureConverter {
  override errorToFailure(
    ...args: Parameters<DefaultFailureConverter['errorToFailure']>
  ): ProtoFailure {
    const failure = super.errorToFailure(...args);
    const [error] = args;
    const clear = error instanceof Error ? clearFailure(error.message) : undefined;
    return clear === undefined ? failure : { ...failure, message: clear };
  }
}

export const failureConverter = new ReadableFailureConverter({ encodeCommonAttributes: true });
