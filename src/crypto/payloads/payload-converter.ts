import {
  type ConverterHint,
  DefaultPayloadConverter,
  type Payload,
  RawValue,
  type SerializationContext,
} from '@temporalio/common';
import { fromPartsPayload, isPartsPayload, toPartsPayload } from '../../batch/parts-payload.ts';
import { clearValue, isClearPayload } from '../../domain/clear-text.ts';
import { refusedValue, withOrigin } from '../../domain/payload-origin.ts';
import type { Side } from './payload-binding.ts';
import { missingKeyOf, originOfPayload, reasonRefused, withSide } from './payload-marks.ts';
import { UnknownPayloadKey } from './unknown-payload-key.ts';

/** Only the workflow sandbox has this global. */
type Sandbox = { __TEMPORAL_ACTIVATOR__?: { info: { workflowId: string } } };
const sandbox = globalThis as Sandbox;
const inSandbox = (): boolean => '__TEMPORAL_ACTIVATOR__' in globalThis;

/**
 * Adds three things to the default converter: objects with parts of a batch (`parts-payload.ts`); a workflow's current
 * details, which stay readable in the Web UI as they hold counts only (`clear-text.ts`; the SDK answers the Web UI's query
 * for them past all interceptors, so their shape identifies them); and marks on values that do not belong where they
 * arrived (`payload-origin.ts`). Those are not thrown here: in a workflow that would stop the run for good.
 */
class BatchPayloadConverter extends DefaultPayloadConverter {
  override toPayload<T>(
    value: T,
    context?: SerializationContext,
    hint?: ConverterHint<T>,
  ): Payload {
    const metadata = value instanceof RawValue ? workflowMetadata(value) : undefined;
    if (metadata) return clearValue(metadata).payload;
    const payload = toPartsPayload(value) ?? super.toPayload(value, context, hint);
    if (context?.type !== 'activity' || isClearPayload(payload)) return payload;
    return withSide(payload, inSandbox() ? 'argument' : 'result');
  }

  override fromPayload<T>(
    payload: Payload,
    context?: SerializationContext,
    hint?: ConverterHint<T>,
  ): T {
    const reason = reasonRefused(payload) ?? wrongSide(payload, context);
    if (reason !== undefined) {
      if (context?.type === 'activity' || inSandbox()) return refusedValue(reason) as T;
      throw new Error(`a payload is refused: ${reason}`);
    }
    const missingKey = missingKeyOf(payload);
    if (missingKey !== undefined) return withoutItsKey(missingKey, context) as T;
    let value: T;
    try {
      value = isPartsPayload(payload)
        ? fromPartsPayload<T>(payload)
        : super.fromPayload<T>(payload, context, hint);
    } catch (error) {
      // A signal or an input that anyone can send: thrown here, it would stop the run for good.
      if (!inSandbox()) throw error;
      return refusedValue('it cannot be read') as T;
    }
    const origin = originOfPayload(payload);
    // The activity reads the heartbeat of an earlier attempt.
    if (origin === 'result' && !inSandbox()) return withOrigin(value, 'result');
    return origin === 'plain' || origin === 'unbound' ? withOrigin(value, origin) : value;
  }
}

export const payloadConverter = new BatchPayloadConverter();

/**
 * Anyone can send this workflow an input or a signal, so these must not stop it. The result of its child is waited for:
 * an error here fails the workflow task, which another worker then tries.
 */
function withoutItsKey(keyId: string, context: SerializationContext | undefined): object {
  const error = new UnknownPayloadKey(keyId);
  const isOwn = sandbox.__TEMPORAL_ACTIVATOR__?.info.workflowId === context?.workflowId;
  if (!inSandbox() || !isOwn) throw error;
  return refusedValue(error.message, 'missing key');
}

/** Detects an activity's argument in place of its result, and the reverse. */
function wrongSide(payload: Payload, context: SerializationContext | undefined) {
  if (context?.type !== 'activity') return undefined;
  const expected: Side = inSandbox() ? 'result' : 'argument';
  const origin = originOfPayload(payload);
  if (origin === expected || origin === 'unbound') return undefined;
  if (origin === 'result') return undefined;
  return origin === 'plain' ? 'it is not encrypted' : 'it was sealed for another place';
}

function workflowMetadata({ payload }: RawValue): object | undefined {
  if (!payload.data) return undefined;
  const value: unknown = JSON.parse(new TextDecoder().decode(payload.data));
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const isMetadata =
    names.length === 2 && names[0] === 'definition' && names[1] === 'currentDetails';
  return isMetadata ? (value as object) : undefined;
}
