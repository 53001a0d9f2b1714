import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { temporalAddress, temporalProblem } from '../temporal-problem.ts';

/**
 * Connects a worker and checks its namespace: without one the worker would fail later, without a reason.
 * @throws Problem naming the setting
 */
export async function connectWorker(
  settings: Config['temporal'],
  options: NativeConnectionOptions = {},
): Promise<NativeConnection> {
  const { connectionOptions, namespace } = settings;
  let connection: NativeConnection | undefined;
  try {
    connection = await NativeConnection.connect({ ...connectionOptions, ...options });
    await connection.workflowService.describeNamespace({ namespace });
    return connection;
  } catch (error) {
    await connection?.close();
    throw temporalProblem(`Temporal at ${temporalAddress(settings)} cannot be used`, error);
  }
}
