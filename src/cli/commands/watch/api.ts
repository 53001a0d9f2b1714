import type { Command } from 'commander';
import type { PoolConfig } from 'pg';
import { startApi } from '../../../api/start-api.ts';
import { settingGiven } from '../../../config/reader.ts';
import { untilStopSignal } from '../../../stop-signals.ts';
import { createLogger } from '../../../telemetry/logs/logger.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';

/** A caller waits for the answer. */
const LIMITS: PoolConfig = { max: 20, statement_timeout: 5_000, query_timeout: 6_000 };

/** Without any of them the service masks no plain values. */
const MASKING = ['MASKING_MODE', 'MASKING_KEYS', 'MASKING_KEYS_SECRET_ID'];

const HELP = `
Answers questions about the stored logins over HTTP, for callers with a token (API_TOKENS) or a JWT (API_JWT_…) that
has the scope of the route. It shows masked values only, and needs the database role login_etl_reader. Lookups of plain
values also need the masking keys. It runs until SIGTERM, SIGHUP or Ctrl-C. See docs/api.md.

Examples:
  login-etl api
  login-etl --env-file api.env api
${EXIT_CODES_HELP}`;

export function addApiCommand(program: Command): void {
  program
    .command('api')
    .description('answer questions about the stored logins over HTTP')
    .addHelpText('after', HELP)
    .action(async (_options: unknown, command: Command) => {
      const stopped = untilStopSignal();
      const { api, postgres, worker } = readSettings(command, ['api', 'postgres', 'worker']);
      const masking = MASKING.some((name) => settingGiven(name))
        ? readSettings(command, ['masking']).masking
        : undefined;
      const logger = createLogger(worker.logLevel);
      await withDatabase(
        command,
        postgres,
        async (pool) => {
          const server = await startApi({ settings: api, masking, pool, logger });
          logger.info({ url: server.url, lookups: masking?.keys !== undefined }, 'api is running');
          await stopped;
          await server.stop();
          logger.info('api has stopped');
        },
        { readOnly: true, limits: LIMITS },
      );
    });
}
