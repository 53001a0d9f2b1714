import type { LogMetadata, LogLevel as TemporalLevel } from '@temporalio/common';
import type { Logger as TemporalLogger } from '@temporalio/worker';
import pino, { type DestinationStream, type LogFn, type Logger } from 'pino';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { standardError } from './log-destination.ts';
import { RepeatLimit } from './repeat-limit.ts';

/** Pino's number for it. */
const WARN = 40;

/** One line of JSON an entry, or what the destination makes of it. Of troubles that are alike only some are written. */
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
          const tell = (leftOut: number) =>
            write.apply(this, [
              { ...kindOf(args), leftOut },
              `${message(args)} (left out: ${leftOut})`,
            ]);
          const kind = JSON.stringify([number, message(args), kindOf(args)]);
          if (limit.admit(kind, tell)) write.apply(this, args);
        },
      },
    },
    destination,
  );
}

type Line = Parameters<LogFn>;

const message = ([first, second]: Line): string =>
  String(typeof first === 'string' ? first : second);

/** What tells one trouble from another: not the ids of a run, or each of them would be one of its own. */
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

/** The same logger for Temporal's SDK. Errors lose their messages unless they are our own: see `describeError`. */
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
