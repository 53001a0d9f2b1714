import { type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { SCHEDULE_ID } from '../../../domain/names.ts';
import { noSchedule, scheduleHandle } from '../../../temporal/schedule/create-schedule.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { describeDuration } from '../../options/duration.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';

const SHOWN_TIMES = 3;
const SHOWN_RUNS = 5;

const HELP = `
Examples:
  login-etl schedule describe
  login-etl schedule describe --json
${EXIT_CODES_HELP}`;

export function addScheduleDescribeCommand(schedule: Command): void {
  schedule
    .command('describe')
    .description('show when it starts runs, whether it is paused, its next and latest runs')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { temporal, payloads } = readSettings(command, ['temporal', 'payloads']);
      await withTemporal(temporal, payloads.keys, async (client) => {
        const description = await scheduleHandle(client)
          .describe()
          .catch((error: unknown) => {
            throw error instanceof ScheduleNotFoundError ? noSchedule() : error;
          });
        const summary = summarize(description);
        if (json) printJson(summary);
        else printData(describe(summary));
      });
    });
}

type Summary = ReturnType<typeof summarize>;

function summarize({ spec, action, policies, state, info }: ScheduleDescription) {
  return {
    scheduleId: SCHEDULE_ID,
    paused: state.paused,
    note: state.note ?? '',
    when: [
      ...(spec.intervals ?? []).map(({ every }) => `every ${describeDuration(Number(every))}`),
      ...(spec.calendars ?? []).map(({ comment }) => `cron ${comment || 'set by another tool'}`),
    ],
    input: action.args?.[0] ?? null,
    overlap: policies.overlap ?? 'SKIP',
    catchupWindowMs: policies.catchupWindow,
    next: state.paused ? [] : info.nextActionTimes.slice(0, SHOWN_TIMES),
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
    recent: info.recentActions
      .slice(-SHOWN_RUNS)
      .toReversed()
      .map(({ takenAt, action: taken }) => ({ takenAt, workflowId: taken.workflow.workflowId })),
    started: info.numActionsTaken,
    skippedSinceOneWasRunning: info.numActionsSkippedOverlap,
    missedCatchupWindow: info.numActionsMissedCatchupWindow,
  };
}

function describe(summary: Summary): string[] {
  const { when, note, next, running, recent } = summary;
  const state = summary.paused ? styled('yellow', 'paused') : styled('green', 'active');
  return [
    `${styled('bold', SCHEDULE_ID)}  ${state}${note ? `  (${note})` : ''}`,
    `  when            ${when.join(', ')}`,
    `  input           ${summary.input === null ? 'none' : JSON.stringify(summary.input)}`,
    `  overlap         ${summary.overlap.toLowerCase()}: a run that is due while one is running is skipped`,
    `  catch-up        up to ${describeDuration(summary.catchupWindowMs)} late`,
    `  next            ${next.map((time) => time.toISOString()).join(', ') || 'none while paused'}`,
    `  running         ${running.join(', ') || 'none'}`,
    `  so far          ${summary.started} started, ${summary.skippedSinceOneWasRunning} skipped, ${summary.missedCatchupWindow} missed`,
    ...recent.map(({ takenAt, workflowId }, at) => {
      return `  ${at === 0 ? 'latest' : '      '}          ${takenAt.toISOString()}  ${workflowId}`;
    }),
  ];
}
