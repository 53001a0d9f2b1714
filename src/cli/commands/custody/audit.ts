import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Pool } from 'pg';
import { type AuditVerdict, verifyAudit } from '../../../domain/verify-audit.ts';
import {
  type AuditEntry,
  readAuditLinks,
  readLatestAudit,
} from '../../../postgres/audit/read-audit.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { wholeNumber } from '../../options/whole-number.ts';
import { readKeptHead } from '../../recovery/kept-head.ts';
import { printData, printJson, styled, terminalWidth } from '../../terminal/output.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import { addAuditHeadCommand } from '../restore/print-head.ts';

const LIST_HELP = `
Needs the database role login_etl_custodian.

Examples:
  login-etl audit list
  login-etl audit list --action reveal --since 30d
  login-etl audit list --limit 1000 --json
${EXIT_CODES_HELP}`;

const VERIFY_HELP = `
Each record contains the hash of the record before it. This command recomputes every hash and names the records
that were changed or removed. It changes nothing, and needs the database role login_etl_custodian.

It cannot detect by itself that the last records were removed, or that the log was rewritten with new hashes from
some record on: the owner of the table can do both. So keep the head that it prints where the owner cannot change
it (\`login-etl audit head\`), and pass it to the next verification: the log must then still contain that head.

Examples:
  login-etl audit verify
  login-etl audit verify --head audit-head.json
  login-etl audit verify --expect-head 5f0c…
  login-etl audit verify --json | jq -r .head >> /somewhere/else/audit-heads
${EXIT_CODES_HELP}`;

const SHOWN_RECORDS = 50;

type ListOptions = { since?: Date; action?: string; limit: number; json?: boolean };
type VerifyOptions = { expectHead?: string; head?: string; json?: boolean };

export function addAuditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .description('the audit log of reveals, erasures and other custody acts');
  audit
    .command('list')
    .description('show the latest records')
    .addOption(sinceOption('records since then: 7d, 12h, or a date and time'))
    .option('--action <name>', 'only records of this action, such as reveal')
    .option('--limit <number>', 'at most this many records', wholeNumber(1, 10_000), SHOWN_RECORDS)
    .option('--json', 'print JSON')
    .addHelpText('after', LIST_HELP)
    .action(async ({ json, ...filter }: ListOptions, command: Command) => {
      const entries = await withAudit(command, (pool) => readLatestAudit(pool, filter));
      if (json) printJson(entries);
      else printData(entries.length > 0 ? auditTable(entries) : 'no records');
    });
  addAuditHeadCommand(audit);
  audit
    .command('verify')
    .description('find records that were changed or removed')
    .option(
      '--expect-head <hash>',
      'a head printed earlier, which must still be in the log',
      parseHash,
    )
    .addOption(
      new Option(
        '--head <file>',
        'a file of `audit head --json`, or - for standard input',
      ).conflicts('expectHead'),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', VERIFY_HELP)
    .action(async ({ expectHead, head, json }: VerifyOptions, command: Command) => {
      const kept = head === undefined ? expectHead : (await readKeptHead(head)).hash;
      const action = await withAudit(command, (pool) => verifyAudit(readAuditLinks(pool), kept));
      const intact = action.problems.length === 0;
      if (json) printJson({ intact, ...action });
      else printData(describeVerdict(action));
      process.exitCode = intact ? EXIT.ok : EXIT.failure;
    });
}

async function withAudit<T>(command: Command, read: (pool: Pool) => Promise<T>): Promise<T> {
  const { postgres } = readSettings(command, ['postgres']);
  return withDatabase(command, postgres, read);
}

function parseHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It takes the 64 hex digits that `audit verify` printed as head.');
}

const COLUMNS: readonly Column[] = [
  { title: 'id' },
  { title: 'at' },
  { title: 'actor', drop: 1 },
  { title: 'action' },
  { title: 'reason' },
  { title: 'detail', drop: 2 },
];

const auditTable = (entries: readonly AuditEntry[]): string[] =>
  renderTable(
    COLUMNS,
    entries.map(({ id, at, actor, action, reason, detail }) => [
      `#${id}`,
      at.toISOString(),
      actor,
      action,
      reason,
      JSON.stringify(detail),
    ]),
    terminalWidth(),
  );

function describeVerdict({ records, head, problems, moreProblems }: AuditVerdict): string[] {
  return [
    `records  ${records}`,
    `head     ${head}`,
    ...problems.map((problem) => `${styled('red', '✗')} ${problem}`),
    ...(moreProblems > 0 ? [`and ${moreProblems} more`] : []),
    ...(problems.length === 0 ? [`${styled('green', '✓')} the chain is intact`] : []),
  ];
}
