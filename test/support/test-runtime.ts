import type { Logger } from 'pino';
import { createLogger } from '../../src/telemetry/logs/logger.ts';
import { installRuntime } from '../../src/telemetry/runtime.ts';

export type TestRuntime = { logger: Logger; lines: readonly string[] };

let installed: TestRuntime | undefined;

/** Temporal's runtime takes one logger, once a process: it keeps its lines in memory. */
export function testRuntime(): TestRuntime {
  if (installed) return installed;
  const lines: string[] = [];
  const logger = createLogger('debug', { write: (line) => void lines.push(line) });
  installRuntime(logger, {});
  installed = { logger, lines };
  return installed;
}
