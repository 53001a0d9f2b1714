import { faultsOf, parseLoginEvent } from '../../domain/login/login-event.ts';
import { tryReadSettings } from '../connect/read-settings.ts';

/** Why a worker with this MESSAGE_ENVELOPE would quarantine the body; empty for a login event. */
export function presentFaults(body: string): string[] {
  const parsed = parseLoginEvent(body, tryReadSettings(['sqs'])?.sqs.envelope);
  return parsed.event === undefined ? faultsOf(parsed) : [];
}
