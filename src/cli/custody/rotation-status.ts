import { describeRotation } from '../../domain/rotation/rotation.ts';
import type { RotationStatus } from '../../temporal/rotation/steer-rotation.ts';
import type { RunState } from '../../temporal/runs/run-state.ts';
import { styled } from '../terminal/output.ts';

/** A rotation as labelled lines. */
export function describeStatus(rotation: RotationStatus): string[] {
  const { workflowId, status, startedAt, endedAt, view, progress, result, reason } = rotation;
  const times = `since ${startedAt.toISOString()}${endedAt ? `, ended ${endedAt.toISOString()}` : ''}`;
  const lines = [
    `${styled('bold', workflowId)}  ${result?.outcome ?? status.toLowerCase()}  ${times}`,
  ];
  if (progress) {
    lines.push(`  to key      ${progress.toKeyId}`, `  so far      ${describeRotation(progress)}`);
    const { workers = [], runs = [] } = progress.waitingFor ?? {};
    lines.push(
      ...workers.map(
        (worker) => `  waits for   worker ${worker}: give it the new keyring and restart it`,
      ),
      ...runs.map((run) => `  waits for   run ${run}, which has a batch of an old key in progress`),
    );
    if (progress.row) lines.push(`  at          rows of ${progress.row.createDate}`);
  }
  if (view) {
    const heldUp = describeView(view);
    if (heldUp) lines.push(`  held up     ${heldUp}`);
  }
  if (result) {
    const { unrecoverable, unreadable, adopted = 0 } = result;
    lines.push(
      `  to key      ${result.toKeyId}`,
      `  rows        ${result.remasked} re-masked; keeping their old key: ${unrecoverable} unrecoverable, ${unreadable} unreadable`,
      `  removed     ${result.originalsRemoved} originals of old keys, ${result.dataKeysRemoved} data keys`,
      `  work        ${result.passes} passes, ${result.steps} steps`,
    );
    if (adopted > 0) {
      lines.push(
        `  adopted     ${adopted} rows from before login-etl keep their masked values: no key made them`,
      );
    }
    const advice = ADVICE[result.outcome];
    if (advice) lines.push(`  note        ${advice}`);
  }
  if (reason) lines.push(`  reason      ${reason}`);
  return lines;
}

const ADVICE: Readonly<Record<string, string>> = {
  'old key still in use':
    'rows with an old key still arrived: give every worker the new keyring, then start it again',
  stopped: '`login-etl remask start` continues it',
};

function describeView(view: RunState): string {
  switch (view.state) {
    case 'running':
      return '';
    case 'not picked up':
      return 'waiting for a custodian worker (npm run custodian)';
    case 'stuck':
      return 'the custodian worker fails to execute it: see its log';
    case 'retrying':
      return `being retried (attempt ${view.attempt}): ${view.reason}`;
  }
}
