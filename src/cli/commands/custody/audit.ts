import { type Command, InvalidArgumentError } from 'commander';
import type { Pool } from 'pg';
import type { Config } from '../../../config/config.ts';
import { type AuditVerdict, verifyAudit } from '../../../domain/verify-audit.ts';
import { connectOrExplain } from '../../../errors/connect-or-explain.ts';
import {
  type AuditEntry,
  readAuditLinks,
  readLatestAudit,
} from '../../../postgres/audit/read-audit.ts';
import { checkDatabase } from '../../../postgres/check-database.ts';
import { postgresPool } from '../../../postgres/pool.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseSince } from '../../options/parse-since.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const LIST_HELP = `
Needs a database user in the role login_etl_custodian.

Examples:
  login-etl audit list
  login-etl audit list --action reveal --since 30d
  login-etl audit list --limit 1000 --json
${EXIT_CODES_HELP}`;

const VERIFY_HELP = `
Each record holds the hash of the one before it. This makes every hash again and names the records that were
changed or taken out. It needs a database user in the role login_etl_custodian, and changes nothing.

What it cannot see by itself is an end that was cut off, or a log that was rewritten from some record on, hashes
and all: whoever owns the table can do that. So note the head that it prints where that person can't reach it, and
give it the next time: the log then has to begin with what it was, whatever was added since.

Examples:
  login-etl audit verify
  login-etl audit verify --expect-head 5f0c…
  login-etl audit verify --json | jq -r .head >> /somewhere/else/audit-heads
${EXIT_CODES_HELP}`;

const SHOWN_RECORDS = 50;
const CHECK = 'Check DATABASE_URL: it takes a user in the role login_etl_custodian.';

type ListOptions = { since?: Date; action?: string; limit: number; json?: boolean };
type VerifyOptions = { expectHead?: string; json?: boolean };

export function addAuditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .description('the record of every reveal, erasure and the like');
  audit
    .command('list')
    .description('show the latest records')
    .option('--since <when>', 'records from then on: 7d, 12h, or a date and time', parseSince)
    .option('--action <name>', 'records of this action only, such as reveal')
    .option('--limit <number>', 'how many records at most', wholeNumber(1, 10_000), SHOWN_RECORDS)
    .option('--json', 'print them as JSON')
    .addHelpText('after', LIST_HELP)
    .action(async ({ json, ...filter }: ListOptions, command: Command) => {
      const entries = await withAudit(command, (pool) => readLatestAudit(pool, filter));
      if (json) printJson(entries);
      else printData(entries.length > 0 ? entries.map(describe).join('\n') : 'no records');
    });
  audit
    .command('verify')
    .description('find records that were changed or taken out')
    .option('--expect-head <hash>', 'a head that was noted before: it has to be there', parseHash)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', VERIFY_HELP)
    .action(async ({ expectHead, json }: VerifyOptions, command: Command) => {
      const action = await withAudit(command, (pool) =>
        verifyAudit(readAuditLinks(pool), expectHead),
      );
      const intact = action.problems.length === 0;
      if (json) printJson({ intact, ...action });
      else printData(describeVerdict(action).join('\n'));
      process.exitCode = intact ? EXIT.ok : EXIT.failure;
    });
}

async function withAudit<T>(command: Command, read: (pool: Pool) => Promise<T>): Promise<T> {
  const { postgres }: Pick<Config, 'postgres'> = readSettings(command, ['postgres'], 'custodian');
  const pool = postgresPool(postgres, { applicationName: 'login-etl audit' });
  try {
    return await connectOrExplain('the audit log', CHECK, async () => {
      await checkDatabase(pool);
      return read(pool);
    });
  } finally {
    await pool.end();
  }
}

function parseHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It takes the 64 hex digits that `audit verify` printed as head.');
}

/** Reasons as JSON strings: whoever wrote one must not write on the reader's terminal. */
const describe = ({ id, at, actor, action, reason, detail }: AuditEntry): string =>
  [`#${id}`, at.toISOString(), actor, action, JSON.stringify(reason), JSON.stringify(detail)].join(
    '  ',
  );

function describeVerdict({ records, head, problems, moreProblems }: AuditVerdict): string[] {
  return [
    `records  ${records}`,
    `head     ${head}`,
    ...problems.map((problem) => `${styled('red', '✗')} ${problem}`),
    ...(moreProblems > 0 ? [`and ${moreProblems} more`] : []),
    ...(problems.length === 0 ? [`${styled('green', '✓')} the chain is whole`] : []),
  ];
}
