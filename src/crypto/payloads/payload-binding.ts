import type { Payload, SerializationContext } from '@temporalio/common';
import { metadataText } from '../../domain/payload-metadata.ts';

/** The place that a sealed payload is bound to: authenticated, and readable in its metadata for the codec server. */
export type Binding = { namespace: string; workflowId: string; place: string };

/** The direction of an activity's payload: the workflow sends arguments, the activity sends results. */
export type Side = 'argument' | 'result';

const WORKFLOW = 'workflow';
/** For payloads that are sealed before a workflow exists, as by the codec server for the Web UI. They count as plain. */
const ANYWHERE: Binding = { namespace: '', workflowId: '', place: 'any workflow input' };

/** Temporal appends the time to the workflow id of a schedule's action. */
const SCHEDULED_TIME = /^-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

const text = new TextEncoder();

/** Returns the binding of a payload. @param side the direction of an activity's payload */
export function bindingOf(context: SerializationContext | undefined, side: string): Binding {
  if (!context) return ANYWHERE;
  const { namespace, workflowId = '' } = context;
  if (context.type === WORKFLOW) return { namespace, workflowId, place: WORKFLOW };
  return { namespace, workflowId, place: `${side} of activity ${context.activityId ?? ''}` };
}

export const bindingMetadata = ({ namespace, workflowId, place }: Binding) => ({
  'bound-to-namespace': text.encode(namespace),
  'bound-to-workflow': text.encode(workflowId),
  'bound-to-place': text.encode(place),
});

/** Undefined for payloads of builds before 0.4. */
export function readBinding(payload: Payload): Binding | undefined {
  if (payload.metadata?.['bound-to-place'] === undefined) return undefined;
  return {
    namespace: metadataText(payload, 'bound-to-namespace'),
    workflowId: metadataText(payload, 'bound-to-workflow'),
    place: metadataText(payload, 'bound-to-place'),
  };
}

/**
 * Compares an authenticated binding with the place where the payload arrived. Returns the direction of an activity's
 * payload, `own` for a payload of this workflow, `plain` for one that counts as a plain input, and undefined for one from
 * another place.
 */
export function placeFor(
  binding: Binding,
  context: SerializationContext,
): Side | 'own' | 'plain' | undefined {
  const isHere = (expected: Binding) =>
    binding.namespace === expected.namespace &&
    binding.workflowId === expected.workflowId &&
    binding.place === expected.place;
  if (context.type === 'activity') {
    return (['argument', 'result'] as const).find((side) => isHere(bindingOf(context, side)));
  }
  if (isHere(bindingOf(context, ''))) return 'own';
  if (isHere(ANYWHERE) || isFromSchedule(binding, context)) return 'plain';
  return undefined;
}

const isFromSchedule = (binding: Binding, { namespace, workflowId = '' }: SerializationContext) =>
  binding.place === WORKFLOW &&
  binding.namespace === namespace &&
  workflowId.startsWith(binding.workflowId) &&
  SCHEDULED_TIME.test(workflowId.slice(binding.workflowId.length));
