import type { Command } from 'commander';
import { takeEnvironment } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';

const HELP = `
It needs the vault's private key (VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID) and a database user in the role
login_etl_custodian: run it where the ingestion workers are not, and for as long as there is something to rotate.
SIGTERM or Ctrl-C finishes the step in hand.

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
      // Only here: no other command needs a worker's libraries.
      const { runCustodian } = await import('../../../custodian.ts');
      await runCustodian();
    });
}
