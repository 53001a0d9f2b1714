import type { Logger } from 'pino';
import { createLogger } from '../../src/telemetry/logs/logger.ts';
import { installRuntime } from '../../src/telemetry/runtime.ts';

export type TestRuntime = { logger: Logger; lines: readonly string[] };

let installed: TestRuntime | undefined;

/** Installs Temporal's runtime, which accepts one logger per process; the logger keeps its lines in memory. */
export function testRuntime(): TestRuntime {
  if (installed) return installed;
  const lines: string[] = [];
  const logger = createLogger('debug', { write: (line) => void lines.push(line) });
  installRuntime(logger, {});
  installed = { logger, lines };
  return installed;
}
