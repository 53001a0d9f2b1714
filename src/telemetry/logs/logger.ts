import type { LogMetadata, LogLevel as TemporalLevel } from '@temporalio/common';
import type { Logger as TemporalLogger } from '@temporalio/worker';
import pino, { type DestinationStream, type LogFn, type Logger } from 'pino';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { standardError } from './log-destination.ts';
import { RepeatLimit } from './repeat-limit.ts';

/** Pino's number for the level `warn`. */
const WARN = 40;

/** Writes one line of JSON per entry, which the destination may format. Repeated warnings and errors are limited. */
export function createLogger(
  level: string,
  destination: DestinationStream = standardError(),
  limit: RepeatLimit = new RepeatLimit(),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, write, number) {
          if (number < WARN) return write.apply(this, args);
          const reportOmitted = (leftOut: number) =>
            write.apply(this, [
              { ...kindOf(args), leftOut },
              `${message(args)} (left out: ${leftOut})`,
            ]);
          const kind = JSON.stringify([number, message(args), kindOf(args)]);
          if (limit.admit(kind, reportOmitted)) write.apply(this, args);
        },
      },
    },
    destination,
  );
}

type Line = Parameters<LogFn>;

const message = ([first, second]: Line): string =>
  String(typeof first === 'string' ? first : second);

/** Lines with the same kind count as repeats. The ids of a run are no part of it, or every line would be unique. */
function kindOf([first]: Line): Record<string, unknown> {
  const { step, source, error } = Object(first) as {
    step?: string;
    source?: string;
    error?: ErrorDescription;
  };
  return {
    ...(step && { step }),
    ...(source && { source }),
    ...(error && { error: { name: error.name, ...(error.code && { code: error.code }) } }),
  };
}

/** Adapts the logger for Temporal's SDK. Only our own errors keep their messages: see `describeError`. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const write = (level: TemporalLevel, message: string, meta?: LogMetadata) => {
    const method = level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
    logger[method](withoutValues(meta), message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

function withoutValues(meta: LogMetadata = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [
      name,
      value instanceof Error ? describeError(value) : value,
    ]),
  );
}
