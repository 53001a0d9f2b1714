import type { Pool } from 'pg';
import { DAY_MS, type Month, monthOf } from '../../domain/tables/days.ts';
import {
  closedAt,
  monthStart,
  monthsDue,
  type RetentionDone,
  type RetentionPolicy,
  whatDetaches,
} from '../../domain/tables/retention.ts';
import { type DetachedTable, dropsAt } from '../../domain/tables/tables-state.ts';
import { noteMaintenance } from '../../postgres/partitions/note-maintenance.ts';
import { readBackups, readMonthFacts } from '../../postgres/partitions/read-month-facts.ts';
import { readDetached, readMonths } from '../../postgres/partitions/read-months.ts';
import {
  detachMonth,
  dropDetached,
  prepareMonth,
  pruneLedger,
} from '../../postgres/partitions/retire-month.ts';
import { discardOld } from '../../postgres/quarantine/discard-old.ts';
import { RotationOpen, retireOriginals } from '../../postgres/vault/retire-originals.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

type RetentionDependencies = {
  pool: Pool;
  policy: RetentionPolicy;
  /** Open runs that began before then, by their workflow ids. */
  openRunsBefore(before: Date): Promise<string[]>;
};

export function createApplyRetentionActivity({
  pool,
  policy,
  openRunsBefore,
}: RetentionDependencies) {
  async function detachDue(now: Date, done: RetentionDone): Promise<void> {
    const months = (await readMonths(pool)).map(({ month }) => month);
    for (const month of monthsDue(months, policy, now)) {
      const waitsFor = await detach(month);
      if (waitsFor === undefined) done.detached.push(month);
      else done.waiting.push({ month, for: waitsFor });
    }
  }

  /** @returns why the month stays */
  async function detach(month: Month): Promise<string | undefined> {
    const openRuns = await openRunsBefore(closedAt(month));
    await prepareMonth(pool, month);
    const facts = { ...(await readMonthFacts(pool, month)), openRuns };
    const decision = whatDetaches(month, facts, await readBackups(pool));
    if ('waitsFor' in decision) return decision.waitsFor;
    await detachMonth(pool, month, decision.backup);
    return undefined;
  }

  /** Detached tables whose days are over go, after the originals that only they need. */
  async function dropDue(now: Date, done: RetentionDone): Promise<void> {
    const tables = await readDetached(pool);
    const isDue = (table: DetachedTable) => dropsAt(table, policy) <= now;
    for (const { month, table, originalsAt } of tables.filter(isDue)) {
      try {
        if (originalsAt === null) {
          const others = tables.filter(
            (other) => other.table !== table && !done.dropped.includes(other.table),
          );
          done.originalsRemoved += await retireOriginals(pool, {
            table,
            others: others.map((other) => other.table),
          });
        }
        await dropDetached(pool, table, policy.detachedDays);
        done.dropped.push(table);
      } catch (error) {
        if (!(error instanceof RotationOpen)) throw error;
        done.waiting.push({ month, for: 'a rotation of masking keys has not ended' });
      }
    }
  }

  async function apply(): Promise<RetentionDone> {
    const done: RetentionDone = {
      detached: [],
      dropped: [],
      waiting: [],
      originalsRemoved: 0,
      quarantineDiscarded: 0,
      ledgerRunsRemoved: 0,
    };
    const now = new Date();
    const { loginMonths, quarantineDays, ledgerMonths } = policy;
    if (loginMonths !== undefined) {
      await detachDue(now, done);
      await dropDue(now, done);
    }
    if (quarantineDays !== undefined) {
      done.quarantineDiscarded = await discardOld(
        pool,
        new Date(now.getTime() - quarantineDays * DAY_MS),
      );
    }
    if (ledgerMonths !== undefined) {
      const before = monthStart(monthOf(now), -ledgerMonths);
      done.ledgerRunsRemoved = await pruneLedger(pool, before);
    }
    await noteMaintenance(pool, 'retention', {
      policy,
      ...done,
      waiting: done.waiting.slice(0, 20),
    });
    return done;
  }

  return {
    /**
     * Applies the retention that the settings of this worker ask for. Anyone who may start workflows may schedule it, so it
     * takes nothing from its argument.
     */
    applyRetention: (_request: object): Promise<RetentionDone> =>
      withHeartbeat('applyRetention', apply),
  };
}
