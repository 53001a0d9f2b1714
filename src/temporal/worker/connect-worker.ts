import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { temporalProblem } from '../temporal-problem.ts';

/**
 * A worker's connection to a server that has its namespace: without one the worker would fail later, and not say why.
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
