import { Client, ScheduleNotFoundError, type WorkflowExecutionInfo } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Config } from '../../config/config.ts';
import { dataConverter } from '../../crypto/payloads/data-converter.ts';
import { SCHEDULE_ID, TASK_QUEUE } from '../../domain/names.ts';
import { keyDifferences, liveWorkers } from '../../domain/rotation/live-workers.ts';
import { DAY_MS } from '../../domain/tables/days.ts';
import { readMissingKeys } from '../../postgres/workers/payload-key-uses.ts';
import { readReportedWorkers } from '../../postgres/workers/read-workers.ts';
import { lazyConnection } from '../../temporal/connect-client.ts';
import { SET_CURRENT, whyRunsWait } from '../../temporal/deployment/version-routing.ts';
import { hasSearchAttributes } from '../../temporal/has-search-attributes.ts';
import { historyRetentionSeconds } from '../../temporal/history-retention.ts';
import { openRuns, startAndStatus } from '../../temporal/runs/list-runs.ts';
import { scheduleHandle } from '../../temporal/schedule/create-schedule.ts';
import { temporalAddress, temporalProblem } from '../../temporal/temporal-problem.ts';
import { listPollers, readVersionRouting } from '../../temporal/workers.ts';
import { describeDuration } from '../options/duration.ts';
import { troublesOfRun } from '../status/assess-status.ts';
import { lookAtOpenRuns } from '../status/temporal-parts.ts';
import { type CheckList, type Finding, failed, ok, warning } from './check.ts';
import { notConfigured } from './configuration-checks.ts';

const TEMPORAL = 'Temporal';

export function temporalChecks(
  settings: Config['temporal'] | undefined,
  payloads: Config['payloads'] | undefined,
  pool: Pool | undefined,
): CheckList {
  if (!settings) return { checks: [{ name: TEMPORAL, run: notConfigured }] };
  const connection = lazyConnection(settings);
  const client = new Client({
    connection,
    namespace: settings.namespace,
    ...(payloads && { dataConverter: dataConverter(payloads.keys) }),
  });
  const explain = (error: unknown) => {
    const { why, whatToDo } = temporalProblem(TEMPORAL, error);
    return { detail: `${temporalAddress(settings)}: ${why}`, whatToDo };
  };
  return {
    checks: [
      {
        name: TEMPORAL,
        explain,
        async run() {
          await connection.ensureConnected();
          return namespace(client, settings.recoveryWindowDays);
        },
      },
      { name: 'worker', needs: TEMPORAL, run: () => workers(client, pool), explain },
      {
        name: 'history keys',
        needs: TEMPORAL,
        run: () => payloadKeys(payloads, pool, settings.recoveryWindowDays),
        explain,
      },
      { name: 'open runs', needs: TEMPORAL, run: () => runs(client), explain },
      { name: 'search attributes', needs: TEMPORAL, run: () => searchAttributes(client), explain },
      {
        name: 'schedule',
        needs: TEMPORAL,
        // Its input is encrypted: reading it checks the payload keys.
        run: () => (payloads ? schedule(client) : notConfigured()),
        explain,
      },
    ],
    close: () => connection.close(),
  };
}

async function namespace(client: Client, recoveryWindowDays: number): Promise<Finding> {
  const { namespace: name } = client.options;
  const retentionMs = (await historyRetentionSeconds(client.connection, name)) * 1_000;
  const windowMs = recoveryWindowDays * DAY_MS;
  if (retentionMs < windowMs) {
    return warning(
      `namespace ${name} keeps histories for ${describeDuration(retentionMs)}, shorter than RECOVERY_WINDOW_DAYS ` +
        `(${describeDuration(windowMs)}): a recovery after a restore would lose messages`,
      'Extend the retention of the namespace: docs/backup.md, "Retention".',
    );
  }
  return ok(`namespace ${name}, history is kept for ${describeDuration(retentionMs)}`);
}

async function workers(client: Client, pool: Pool | undefined): Promise<Finding> {
  const reported = await (pool && readReportedWorkers(pool, TASK_QUEUE).catch(() => undefined));
  if (!reported) {
    return warning('it is in Postgres which workers are alive', 'See the checks of Postgres.');
  }
  const [difference] = keyDifferences(reported);
  if (difference !== undefined) {
    return warning(difference, 'Give all workers the same keyrings and restart them.');
  }
  const { connection, options } = client;
  const { length } = liveWorkers(reported, await listPollers(connection, options.namespace));
  const waiting = whyRunsWait(await readVersionRouting(connection, options.namespace));
  if (waiting) return failed(waiting, SET_CURRENT);
  if (length > 0) return ok(`${length} alive on task queue ${TASK_QUEUE}`);
  const detail = `no worker is running on task queue ${TASK_QUEUE}`;
  const start = 'Start one with `npm run worker`; check that its TEMPORAL_NAMESPACE is the same.';
  // Before the first start, or scaled to zero, nothing needs one.
  const [run] = (await openRuns(client, 1)).filter(hasBegun);
  return run
    ? failed(`${detail}, and ${run.workflowId} waits for one`, start)
    : warning(detail, start);
}

/** Temporal creates a cron's next run long before its time. */
const hasBegun = (run: WorkflowExecutionInfo): boolean => startAndStatus(run).status !== 'waiting';

/** A recovery opens histories, so each key that they were encrypted with is needed for as long. */
async function payloadKeys(
  payloads: Config['payloads'] | undefined,
  pool: Pool | undefined,
  days: number,
): Promise<Finding> {
  const held = [...(payloads?.keys.keys.keys() ?? [])];
  const missing = await (pool && readMissingKeys(pool, days, held).catch(() => undefined));
  if (!payloads || !missing) return warning('not checked', 'See the checks of Postgres.');
  return missing.length === 0
    ? ok(`PAYLOAD_KEYS has all that workers used within ${days} day(s)`)
    : failed(
        `PAYLOAD_KEYS lacks ${missing.join(', ')}, which workers used within ${days} day(s): histories need it`,
        'Add it again until `login-etl keys list` says that it may be removed.',
      );
}

async function runs(client: Client): Promise<Finding> {
  const { runs: open } = await lookAtOpenRuns(client, false);
  const [trouble] = open.flatMap(troublesOfRun);
  return trouble ? warning(trouble.problem, trouble.whatToDo) : ok(`${open.length} open`);
}

async function searchAttributes({ connection, options }: Client): Promise<Finding> {
  return (await hasSearchAttributes(connection, options.namespace))
    ? ok('all are registered')
    : warning(
        `namespace ${options.namespace} lacks some: runs cannot be searched by their counts`,
        'Register them as the README says ("Running it for real"), then restart the workers.',
      );
}

async function schedule(client: Client): Promise<Finding> {
  try {
    const { state, info } = await scheduleHandle(client).describe();
    if (state.paused) {
      return warning(
        `${SCHEDULE_ID} is paused${state.note ? ` (${state.note})` : ''}`,
        'Resume it with `login-etl schedule resume`.',
      );
    }
    return ok(`${SCHEDULE_ID}, next run ${info.nextActionTimes[0]?.toISOString() ?? 'never'}`);
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    return warning(
      `${SCHEDULE_ID} does not exist: runs are started by hand only`,
      'Create it with `login-etl schedule create`.',
    );
  }
}
