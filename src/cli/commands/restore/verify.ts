import type { Command } from 'commander';
import type { Pool } from 'pg';
import { withCustody } from '../../connect/with-custody.ts';
import { recordFirst } from '../../custody/record-first.ts';
import {
  type Check,
  explainByCode,
  type Finding,
  failed,
  ok,
  type Result,
} from '../../doctor/check.ts';
import { describeResult } from '../../doctor/describe-result.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { readKeptHead } from '../../recovery/kept-head.ts';
import { printData, printJson } from '../../terminal/output.ts';
import { custodyChecks } from '../../verify/custody-checks.ts';
import { databaseChecks } from '../../verify/database-checks.ts';
import { readAndReconcile } from '../watch/reconcile.ts';

const HELP = `
For use after any restore. Checks the list of migrations, tables and indexes (with amcheck, if this user may run it), the
ledger, the audit log against a head that was kept elsewhere, that a quarantined message opens, and for every masking key
of the rows that an original opens and has the row's mask. The age of the newest row is what the restore has lost. It
reads all rows. What is opened is not shown, and is on the record.

--restored fails if workers use the database: a drill must not be taken to the live one. Before \`login-etl recover\` the
ledger may have runs whose end the restore has undone.

Needs the database role login_etl_custodian, the vault's private key and MASKING_KEYS.

Examples:
  login-etl verify --head audit-head.json
  login-etl verify --head audit-head.json --restored --json
${EXIT_CODES_HELP}`;

const DEFAULT_SINCE = '7d';

type Options = { head?: string; restored?: boolean; since: Date; json?: boolean };

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check a restored database')
    .option('--head <file>', 'a file of `audit head --json`, or - for standard input')
    .option('--restored', 'fail if workers use the database')
    .addOption(sinceOption('reconcile runs that began since then', DEFAULT_SINCE))
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .action(async ({ head, restored = false, since, json }: Options, command: Command) => {
      const kept = head === undefined ? undefined : await readKeptHead(head);
      await withCustody(command, async (custody) => {
        const { pool } = custody;
        // Before the record of this verification, which a log that was cut off would begin with again.
        const checks = databaseChecks(pool, { head: kept, restored });
        const record: Check = { name: 'record', run: () => recorded(pool) };
        const results: Result[] = [];
        for (const check of [...checks, ledger(pool, since), record, ...custodyChecks(custody)]) {
          const result = { name: check.name, ...(await examine(check)) };
          results.push(result);
          if (!json) printData(describeResult(result));
          if (check === record && result.status === 'failed') break;
        }
        const sound = results.every(({ status }) => status !== 'failed');
        if (json) printJson({ sound, checks: results });
        process.exitCode = sound ? EXIT.ok : EXIT.failure;
      });
    });
}

const ledger = (pool: Pool, since: Date): Check => ({
  name: 'ledger',
  async run() {
    const { runs, findings } = await readAndReconcile(pool, since);
    const [first] = findings;
    return first
      ? failed(
          `${findings.length} finding(s), such as: ${first.problem}`,
          'After a restore run `login-etl recover`; `login-etl reconcile` lists the findings.',
        )
      : ok(`${runs.length} runs add up`);
  },
});

async function recorded(pool: Pool): Promise<Finding> {
  const reason = 'verification after a restore';
  const { id } = await recordFirst(pool, { action: 'verify', reason, detail: {} });
  return ok(`what is opened next is on record (#${id})`);
}

async function examine({ run }: Check): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    const { detail, whatToDo } = explainByCode(error, 'verify again');
    return failed(detail, whatToDo);
  }
}
