import {
  type ConverterHint,
  DefaultPayloadConverter,
  type Payload,
  RawValue,
  type SerializationContext,
} from '@temporalio/common';
import { fromPartsPayload, isPartsPayload, toPartsPayload } from '../../batch/parts-payload.ts';
import { clearValue } from '../../domain/clear-text.ts';

/**
 * Knows two kinds of values more than the default one: objects with parts of a batch (`parts-payload.ts`), and a workflow's
 * current details, which are left readable in the Web UI as they hold counts only (`clear-text.ts`). The SDK answers
 * the Web UI's query for them itself, past all interceptors, so they are recognized by their shape.
 */
class BatchPayloadConverter extends DefaultPayloadConverter {
  override toPayload<T>(...args: Parameters<DefaultPayloadConverter['toPayload']>) {
    const [value] = args as [T];
    const metadata = value instanceof RawValue ? workflowMetadata(value) : undefined;
    if (metadata) return clearValue(metadata).payload;
    return toPartsPayload(value) ?? super.toPayload(...args);
  }

  override fromPayload<T>(
    payload: Payload,
    context?: SerializationContext,
    hint?: ConverterHint<T>,
  ): T {
    if (isPartsPayload(payload)) return fromPartsPayload(payload);
    return super.fromPayload(payload, context, hint);
  }
}

export const payloadConverter = new BatchPayloadConverter();

function workflowMetadata({ payload }: RawValue): object | undefined {
  if (!payload.data) return undefined;
  const value: unknown = JSON.parse(new TextDecoder().decode(payload.data));
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const isMetadata =
    names.length === 2 && names[0] === 'definition' && names[1] === 'currentDetails';
  return isMetadata ? (value as object) : undefined;
}
