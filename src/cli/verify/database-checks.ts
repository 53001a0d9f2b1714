import type { Pool } from 'pg';
import { verifyAudit } from '../../domain/verify-audit.ts';
import { readAuditLinks } from '../../postgres/audit/read-audit.ts';
import { checkFiles } from '../../postgres/recovery/check-files.ts';
import { countWorkersOf, readNewest } from '../../postgres/recovery/restored-state.ts';
import { pendingMigrations } from '../../postgres/run-migrations.ts';
import { type Check, failed, ok, warning } from '../doctor/check.ts';
import { describeDuration } from '../options/duration.ts';
import type { KeptHead } from '../recovery/kept-head.ts';

/** @param restored whether the database must not be a live one */
export const databaseChecks = (
  pool: Pool,
  { head, restored }: { head: KeptHead | undefined; restored: boolean },
): Check[] => [
  {
    name: 'database',
    async run() {
      const workers = await countWorkersOf(pool);
      if (workers === 0) return ok('no worker uses it: a restored one, or ingestion is stopped');
      const live = `it is live: ${workers} worker(s) use it`;
      return restored ? failed(live, 'Set DATABASE_URL to the restored database.') : ok(live);
    },
  },
  {
    name: 'newest row',
    async run() {
      const { newestAt, now } = await readNewest(pool);
      return newestAt
        ? ok(
            `${newestAt.toISOString()}, ${describeDuration(now.getTime() - newestAt.getTime())} ago`,
          )
        : warning('there are no rows', 'Check that this is the right database.');
    },
  },
  {
    name: 'migrations',
    async run() {
      const pending = await pendingMigrations(pool);
      return pending.length === 0
        ? ok('all are applied')
        : failed(`${pending.join(', ')} not applied`, 'Run `login-etl migrate`.');
    },
  },
  {
    name: 'tables and indexes',
    async run() {
      const files = await checkFiles(pool);
      if (!files.checked) {
        return warning(
          'not checked: there is no amcheck that this user may run',
          'Run `pg_amcheck --all --heapallindexed --install-missing` as a superuser.',
        );
      }
      const { tables, indexes, damaged } = files;
      return damaged.length === 0
        ? ok(`amcheck finds nothing in ${tables} tables and ${indexes} indexes`)
        : failed(`damaged: ${damaged.join(', ')}`, 'Restore from another backup.');
    },
  },
  {
    name: 'audit log',
    async run() {
      const { records, problems, moreProblems } = await verifyAudit(
        readAuditLinks(pool),
        head?.hash,
      );
      if (problems.length > 0) {
        const more = moreProblems > 0 ? [`and ${moreProblems} more`] : [];
        return failed(
          [...problems, ...more].join('\n'),
          'Restore to a time after the head was taken, or from another backup.',
        );
      }
      return head
        ? ok(`${records} records, with the kept head (#${head.sequence})`)
        : warning(
            `the chain of ${records} records is intact, but its end may have been cut off`,
            'Give a head that was kept elsewhere: --head FILE.',
          );
    },
  },
];
