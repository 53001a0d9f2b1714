import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { temporalProblem } from '../temporal-problem.ts';

/**
 * Connects a worker and checks its namespace: without one the worker would fail later, without a reason.
 * @throws Problem naming the setting
 */
export async function connectWorker(
  { connectionOptions, namespace }: Config['temporal'],
  options: NativeConnectionOptions = {},
): Promise<NativeConnection> {
  let connection: NativeConnection | undefined;
  try {
    connection = await NativeConnection.connect({ ...connectionOptions, ...options });
    await connection.workflowService.describeNamespace({ namespace });
    return connection;
  } catch (error) {
    await connection?.close();
    throw temporalProblem('Temporal cannot be used', error);
  }
}
