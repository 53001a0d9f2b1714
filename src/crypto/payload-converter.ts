import { DefaultPayloadConverter, RawValue } from '@temporalio/common';
import { clearValue } from '../domain/clear-text.ts';

/**
 * Leaves a workflow's current details readable in the Web UI: they hold counts only (see `clear-text.ts`). The
 * SDK answers the Web UI's query for them itself, past all interceptors, so they are told by their shape.
 */
class ReadableDetailsConverter extends DefaultPayloadConverter {
  override toPayload<T>(...args: Parameters<DefaultPayloadConverter['toPayload']>) {
    const [value] = args as [T];
    const metadata = value instanceof RawValue ? workflowMetadata(value) : undefined;
    return metadata ? clearValue(metadata).payload : super.toPayload(...args);
  }
}

export const payloadConverter = new ReadableDetailsConverter();

function workflowMetadata({ payload }: RawValue): object | undefined {
  if (!payload.data) return undefined;
  const value: unknown = JSON.parse(new TextDecoder().decode(payload.data));
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const isMetadata =
    names.length === 2 && names[0] === 'definition' && names[1] === 'currentDetails';
  return isMetadata ? (value as object) : undefined;
}
