import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import type { Pool } from 'pg';
import { openJournal } from '../../../crypto/vault/seal-journal.ts';
import type { VaultPrivateKey } from '../../../crypto/vault/vault-opener.ts';
import { vaultPrivateKey } from '../../../crypto/vault/vault-private-key.ts';
import {
  describeRecovery,
  isIncomplete,
  type RecoveryResult,
} from '../../../domain/recovery/recovery.ts';
import { Problem } from '../../../errors/problem.ts';
import { appendAuditRecord } from '../../../postgres/audit/append-audit-record.ts';
import { boundedTransaction } from '../../../postgres/bounded-transaction.ts';
import {
  type ErasedAgain,
  type ErasureJournal,
  eraseJournaled,
} from '../../../postgres/recovery/erasure-journal.ts';
import { LOCK_VAULT } from '../../../postgres/vault/vault-lock.ts';
import {
  followRecovery,
  isRecovering,
  refuseWhileIngesting,
  startRecovery,
} from '../../../temporal/recovery/steer-recovery.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { readKeptHead } from '../../recovery/kept-head.ts';
import { printData, printJson, printMessage, styled } from '../../terminal/output.ts';

const HELP = `
After a restore: inserts the messages again that were committed after the restore point and are gone from the queue. Their
bodies are in Temporal's histories until the namespace's retention ends. A workflow, which a worker runs, reads the
histories of the runs that closed since --since minus an hour or are open, and inserts each batch that the database
lacks, with its run and number. What is there stays as it is, so a second recovery changes nothing. Without --since, or
while one is running, it shows that one.

--since is the time that the database was restored to, or earlier. A restore also undoes erasures: --journal names the
newest file of \`login-etl audit head --json\`, which is applied before anything is inserted and once more at the end, and
needs the vault's private key; --no-journal says that nothing was erased since. Rows that come back under an old masking key are re-masked by
the next \`login-etl remask start\`.

It is refused until the schedule and open runs are paused: docs/backup.md has the steps. Needs the database role
login_etl_custodian, PAYLOAD_KEYS, and a worker. The exit code is 1 when messages may be missing: a payload key is
missing, or histories are gone.

Examples:
  login-etl recover --since 2026-11-27T10:40:00Z --journal audit-head.json
  login-etl recover --since 2h --no-journal --json
${EXIT_CODES_HELP}`;

const PROGRESS_EVERY_MS = 2_000;
const REASON = 'recovery after a restore';

/** `journal`: false for --no-journal. */
type Options = { since?: Date; journal?: string | false; reason: string; json?: boolean };

export function addRecoverCommand(program: Command): void {
  program
    .command('recover')
    .description('insert again what a restore of the database has undone')
    .addOption(sinceOption('the time that the database was restored to: 2h, or a date and time'))
    .addOption(
      new Option('--journal <file>', 'erase again what this journal has; - for standard input'),
    )
    .addOption(new Option('--no-journal', 'nothing was erased since'))
    .option('--reason <text>', 'why, for the audit log', REASON)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, reason, json, ...options }: Options, command: Command) => {
      const { postgres, temporal, payloads } = readSettings(command, [
        'postgres',
        'temporal',
        'payloads',
      ]);
      await withTemporal(temporal, payloads.keys, async (client) => {
        const running = await isRecovering(client);
        if (!running && !since) throw notClear('--since is missing');
        const journal =
          running && options.journal === undefined
            ? undefined
            : await readJournalFile(command, options.journal);
        const eraseAgain = async (pool: Pool, when: 'before' | 'after') =>
          journal && (await applyJournal(pool, journal, reason, when));
        let erased: ErasedAgain | undefined;
        if (!running && since) {
          await refuseWhileIngesting(client);
          await withDatabase(command, postgres, async (pool) => {
            erased = await eraseAgain(pool, 'before');
            const requestId = await request(pool, since, reason);
            await startRecovery(client, { requestId });
          });
        }
        if (!json) printMessage(describeStart(erased));
        const result = await followRecovery(
          client,
          (progress) => !json && printMessage(describeRecovery(progress)),
          PROGRESS_EVERY_MS,
        );
        const after = await withDatabase(command, postgres, (pool) => eraseAgain(pool, 'after'));
        erased = erased && after ? added(erased, after) : after;
        if (json)
          printJson({ ...result, ...(erased && { erased }), complete: !isIncomplete(result) });
        else printData(describe(result));
        process.exitCode = isIncomplete(result) ? EXIT.failure : EXIT.ok;
      });
    });
}

async function readJournalFile(
  command: Command,
  path: string | false | undefined,
): Promise<ErasureJournal | undefined> {
  if (path === false) return undefined;
  if (path === undefined) throw notClear('neither --journal nor --no-journal is given');
  const { journal } = await readKeptHead(path);
  if (!journal) throw notClear('the file has no journal: it was written without --json');
  const { custodian } = readSettings(command, ['custodian']);
  return open(journal, await vaultPrivateKey(custodian));
}

async function open(
  journal: Parameters<typeof openJournal>[0],
  privateKey: VaultPrivateKey,
): Promise<ErasureJournal> {
  try {
    return await openJournal<ErasureJournal>(journal, privateKey);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(
      'nothing was recovered',
      `the journal does not open with the key ${privateKey.id}; it was sealed for ${journal.vaultKeyId}`,
      'Set VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID to that key, or take another copy of the file.',
    );
  }
}

const applyJournal = (
  pool: Pool,
  journal: ErasureJournal,
  reason: string,
  when: 'before' | 'after',
): Promise<ErasedAgain> =>
  boundedTransaction(pool, LOCK_VAULT, async (client) => {
    const erased = await eraseJournaled(client, journal, when);
    const detail = { ...erased, when, journalTakenAt: journal.takenAt };
    await appendAuditRecord(client, { action: 'recovery.erase', reason, detail });
    return erased;
  });

const added = (before: ErasedAgain, after: ErasedAgain): ErasedAgain => ({
  originals: before.originals + after.originals,
  messages: before.messages + after.messages,
  accounts: after.accounts,
});

/** The worker recovers nothing without this record. */
async function request(pool: Pool, since: Date, reason: string): Promise<string> {
  const requestId = randomUUID();
  const detail = { requestId, since: since.toISOString() };
  await recordFirst(pool, { action: 'recovery.request', reason, detail });
  return requestId;
}

const describeStart = (erased: ErasedAgain | undefined): string =>
  erased
    ? `erased again: ${erased.originals} originals and ${erased.messages} quarantined messages; recovering …`
    : 'recovering …';

function describe(result: RecoveryResult): string[] {
  const { missingKeys, sinceMs, historiesSinceMs } = result;
  const bad = styled('red', '✗');
  return [
    describeRecovery(result),
    ...(missingKeys.length > 0
      ? [`${bad} add these keys to PAYLOAD_KEYS and recover again: ${missingKeys.join(', ')}`]
      : []),
    ...(sinceMs < historiesSinceMs
      ? [
          `${bad} Temporal keeps no history of runs that closed before ${new Date(historiesSinceMs).toISOString()}`,
        ]
      : []),
    ...(isIncomplete(result) ? [] : [`${styled('green', '✓')} nothing is missing`]),
  ];
}

const notClear = (why: string) =>
  new UsageProblem(
    'it is not clear what to recover',
    why,
    'Give --since, and --journal FILE or --no-journal: see `login-etl recover --help`.',
  );
