import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import type { Keyring } from '../../crypto/keys/keyring.ts';
import { connectClient } from '../../temporal/connect-client.ts';
import {
  isTemporalError,
  temporalAddress,
  temporalProblem,
} from '../../temporal/temporal-problem.ts';

/** As `withTemporal`, in the namespace of rotations. */
export const withRotations: typeof withTemporal = (settings, payloadKeys, act) =>
  withTemporal({ ...settings, namespace: settings.custodianNamespace }, payloadKeys, act);

/** Connects to Temporal, acts, and closes the connection. Failed calls are explained in terms of the settings. */
export async function withTemporal<T>(
  settings: Config['temporal'],
  payloadKeys: Keyring | undefined,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectClient(settings, payloadKeys);
  try {
    return await act(client);
  } catch (error) {
    throw isTemporalError(error)
      ? temporalProblem(`the call to Temporal at ${temporalAddress(settings)} failed`, error)
      : error;
  } finally {
    await client.connection.close();
  }
}
