import { expect } from 'vitest';
import { reconcileJson } from '../../support/reconcile-command.ts';
import type { Stack } from '../../support/start-stack.ts';

/**
 * Every scenario ends with this check: each sent message is in exactly one row of the two tables, there are no other
 * rows, the queue is empty, and `login-etl reconcile` finds nothing.
 */
export async function expectOnceEach(stack: Stack, sentIds: readonly string[]): Promise<void> {
  const { rows } = await stack.pool.query<{ message_id: string }>(
    'select message_id from user_logins union all select message_id from quarantine',
  );
  const times = new Map<string, number>();
  for (const { message_id: id } of rows) times.set(id, (times.get(id) ?? 0) + 1);
  const sent = new Set(sentIds);
  expect({
    lost: sentIds.filter((id) => !times.has(id)).length,
    twice: [...times].filter(([, count]) => count > 1).length,
    strangers: [...times.keys()].filter((id) => !sent.has(id)).length,
  }).toEqual({ lost: 0, twice: 0, strangers: 0 });
  expect(await stack.queueDepth()).toEqual({ visible: 0, inFlight: 0 });
  const { exitCode, stderr, json } = await reconcileJson(stack.env);
  expect({ exitCode, stderr, findings: json.findings }).toEqual({
    exitCode: 0,
    stderr: '',
    findings: [],
  });
}
