import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { temporalAddress, temporalProblem } from '../temporal-problem.ts';

/**
 * Connects a worker and checks the namespaces that it uses: without one it would fail later, without a reason.
 * @throws Problem naming the setting
 */
export async function connectWorker(
  settings: Config['temporal'],
  options: NativeConnectionOptions = {},
  namespaces: readonly string[] = [settings.namespace],
): Promise<NativeConnection> {
  let connection: NativeConnection | undefined;
  let namespace = settings.namespace;
  try {
    connection = await NativeConnection.connect({ ...settings.connectionOptions, ...options });
    for (namespace of new Set(namespaces))
      await connection.workflowService.describeNamespace({ namespace });
    return connection;
  } catch (error) {
    await connection?.close();
    const where = temporalAddress({ ...settings, namespace });
    throw temporalProblem(`Temporal at ${where} cannot be used`, error);
  }
}
