import type { Command } from 'commander';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';

const HELP = `
Needs the vault's private key (VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID) and the database role login_etl_custodian. Run
it on another machine than the ingestion workers, and only while a rotation is running. SIGTERM or Ctrl-C stops it
after the current step.

Examples:
  login-etl custodian-worker
  login-etl --env-file custodian.env custodian-worker
${EXIT_CODES_HELP}`;

export function addCustodianWorkerCommand(program: Command): void {
  program
    .command('custodian-worker')
    .description('run the worker that re-masks rows when a masking key is rotated')
    .addHelpText('after', HELP)
    .action(async (_options: object, command: Command) => {
      takeEnvironment(command);
      // Loaded here, since no other command needs the libraries of a worker.
      const { runCustodian } = await import('../../../custodian.ts');
      await runCustodian();
    });
}
