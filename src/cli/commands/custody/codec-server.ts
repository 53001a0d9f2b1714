import type { Command } from 'commander';
import { startCodecServer } from '../../../codec-server/start-codec-server.ts';
import { checkAuditWriter } from '../../../postgres/audit/check-audit-writer.ts';
import { untilStopSignal } from '../../../stop-signals.ts';
import { createLogger } from '../../../telemetry/logs/logger.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';

const HELP = `
Decodes payloads for Temporal's Web UI and CLI, for callers with a token (CODEC_SERVER_TOKEN) or a JWT
(CODEC_SERVER_JWT_…). It writes who asked to the audit log before it answers, so it needs the database role
login_etl_custodian. It does not start where the vault's private key is set. It runs until SIGTERM, SIGHUP or Ctrl-C.
See docs/codec-server.md.

Examples:
  login-etl codec-server
  login-etl --env-file codec-server.env codec-server
  temporal workflow show -w ID --codec-endpoint http://127.0.0.1:8234 --codec-auth "Bearer $(cat token)"
${EXIT_CODES_HELP}`;

export function addCodecServerCommand(program: Command): void {
  program
    .command('codec-server')
    .description("decode payloads for Temporal's Web UI and CLI, with an audit record")
    .option('--allow-encode', 'also encode, for inputs typed into the Web UI')
    .addHelpText('after', HELP)
    .action(async ({ allowEncode = false }: { allowEncode?: boolean }, command: Command) => {
      const stopped = untilStopSignal();
      const config = readSettings(command, ['codecServer', 'postgres', 'payloads', 'worker']);
      const logger = createLogger(config.worker.logLevel);
      await withDatabase(command, config.postgres, async (pool) => {
        await checkAuditWriter(pool);
        const server = await startCodecServer({
          settings: config.codecServer,
          keys: config.payloads.keys,
          pool,
          logger,
          allowEncode,
        });
        logger.info({ url: server.url, allowEncode }, 'codec server is running');
        await stopped;
        await server.stop();
        logger.info('codec server has stopped');
      });
    });
}
