import { DefaultPayloadConverter, type Payload } from '@temporalio/common';

/** Takes what it cannot read for what it is. */
class ForeignConverter extends DefaultPayloadConverter {
  override fromPayload<T>(...args: Parameters<DefaultPayloadConverter['fromPayload']>): T {
    try {
      return super.fromPayload<T>(args[0] as Payload);
    } catch {
      return 'unreadable' as T;
    }
  }
}

export const payloadConverter = new ForeignConverter();
