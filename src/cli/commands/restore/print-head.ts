import { type Command, InvalidArgumentError } from 'commander';
import type { Pool } from 'pg';
import { sealJournal } from '../../../crypto/vault/seal-journal.ts';
import type { VaultPublicKey } from '../../../crypto/vault/vault-envelope.ts';
import { DAY_MS } from '../../../domain/tables/days.ts';
import { type AuditHead, readAuditHead, recordBackup } from '../../../postgres/audit/audit-head.ts';
import { readJournal } from '../../../postgres/recovery/erasure-journal.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseSince } from '../../options/duration.ts';
import type { KeptHead } from '../../recovery/kept-head.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Prints the sequence, hash and time of the last record. Kept where the owner of the database cannot change it, it shows
later that no record was removed: \`login-etl audit verify --head FILE\`.

--json adds the journal of erasures, sealed with VAULT_PUBLIC_KEY: \`login-etl recover --journal FILE\` erases again what a
restore has brought back. So keep the output after each backup, after each erasure, and every few minutes between. Needs
the database role login_etl_custodian, and no private key.

--backup notes in the table backups that a backup is complete: a month is only dropped when it is in one. What was
committed before --started is in the backup; by default that is a day ago.

Examples:
  login-etl audit head
  login-etl audit head --json > audit-head.json
  login-etl audit head --backup 20261127T030000 --started 2026-11-27T03:00:00Z --json
${EXIT_CODES_HELP}`;

type Options = { backup?: string; started?: Date; json?: boolean };

export function addAuditHeadCommand(audit: Command): void {
  audit
    .command('head')
    .description('print the head of the log, to be kept elsewhere')
    .option('--backup <label>', 'also note that this backup is complete', parseLabel)
    .option('--started <when>', 'with --backup: when it began', parseSince)
    .option('--json', 'print JSON, with the sealed journal of erasures')
    .addHelpText('after', HELP)
    .action(async ({ backup, started, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const vaultKey = json ? readSettings(command, ['vault']).vault.publicKey : undefined;
      await withDatabase(command, postgres, async (pool) => {
        const head = await readAuditHead(pool);
        if (backup !== undefined) {
          const finishedAt = new Date();
          const startedAt = started ?? new Date(finishedAt.getTime() - DAY_MS);
          await recordBackup(pool, { label: backup, startedAt, finishedAt }, head);
        }
        if (vaultKey) printJson(await withJournal(pool, head, vaultKey, backup));
        else printData(describe(head));
      });
    });
}

async function withJournal(
  pool: Pool,
  { sequence, hash, at }: AuditHead,
  vaultKey: VaultPublicKey,
  backup: string | undefined,
): Promise<KeptHead> {
  const journal = await readJournal(pool);
  return {
    sequence,
    hash,
    at: at?.toISOString() ?? null,
    takenAt: journal.takenAt,
    ...(backup !== undefined && { backup }),
    journal: sealJournal(vaultKey, journal),
  };
}

const describe = ({ sequence, hash, at }: AuditHead): string[] => [
  `record  #${sequence}`,
  `hash    ${hash}`,
  `at      ${at?.toISOString() ?? 'never: the log is empty'}`,
];

function parseLabel(text: string): string {
  if (/^[ -~]{1,200}$/.test(text)) return text;
  throw new InvalidArgumentError('It takes up to 200 printable ASCII characters.');
}
