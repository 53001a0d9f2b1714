import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { NO_TEMPORAL } from '../no-temporal.ts';
import { eachOnTerminal } from '../pseudo-terminal.ts';

/** Colour, window title, clipboard (OSC 52), C1, direction marks, an invisible character, a forged line. */
const PLANTED =
  'x\u001b[31m\u001b]0;t\u0007\u001b]52;c;aGk=\u0007\u009b2J\u202etxt\u2066\u200by\n✓ fine';
const ESCAPE = String.fromCharCode(27);
/** Of progress bars, which appear after a second. With NO_COLOR we write no others. */
const CURSOR = new RegExp(`${ESCAPE}\\[(?:\\?(?:25|7)[lh]|\\d*[GKJA])`, 'g');
const CONTROL = /(?!\n)[\p{Cc}\p{Bidi_Control}\u200b]/u;
const RUN = 'ingest-logins-2026-11-22T09:30:00Z';

let database: TestDatabase;
let custody: Custody;
let messageId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
  await custody.storeLogins([
    loginMessage(1, { user_id: PLANTED.replaceAll('\n', '') }),
    loginMessage(2),
  ]);
  [messageId = ''] = await custody.quarantine([`{"a": "${PLANTED}"}`]);
  const { pool } = database;
  await pool.query(
    `insert into ingest_runs (run_id, workflow_id, started_at, worker_build, finished_at, outcome,
       received, inserted, duplicates, quarantined, acknowledged, batches)
     select gen_random_uuid(), $1 || n, now(), 'b', now(), 'completed', 1, 1, 0, 0, 1, 1
     from generate_series(1, 2) n`,
    [RUN.slice(0, -1)],
  );
  // Rows from before the constraints.
  await pool.query(`
    alter table quarantine drop constraint reason_is_text, drop constraint message_id_is_text,
      drop constraint vault_key_id_is_key_id;
    alter table quarantine disable trigger conform;
    alter table ingest_runs drop constraint workflow_id_is_text;
    alter table ingest_runs disable trigger conform;
    alter table user_logins drop constraint mask_key_id_is_key_id;
    alter table audit_log drop constraint action_is_name`);
  await pool.query(
    `insert into quarantine (message_id, create_date, sent_at, reason, sealed_body, vault_key_id, run_id, batch_number)
     values ($1, current_date, now(), $2, '', $1, gen_random_uuid(), 1)`,
    [PLANTED.slice(0, 60), PLANTED],
  );
  await pool.query(
    `insert into ingest_runs (run_id, workflow_id, started_at, worker_build) values ($1, $2, now(), 'b')`,
    [randomUUID(), PLANTED],
  );
  await pool.query('update user_logins set mask_key_id = $1 where user_id like $2', [
    PLANTED.slice(0, 60),
    'x%',
  ]);
  await pool.query('insert into audit_log (action, reason) values ($1, $2)', [
    PLANTED.slice(0, 60),
    PLANTED,
  ]);
});
afterAll(() => database?.remove());

const COMMANDS = () => [
  ['quarantine', 'list'],
  ['quarantine', 'list', '--messages'],
  ['quarantine', 'list', '--messages', '--json'],
  ['quarantine', 'show', messageId, '--reason', 'case'],
  ['keys', 'list'],
  ['runs', 'list', '--all'],
  ['runs', 'show', RUN.replace('Z', '1')],
  ['reconcile'],
  ['audit', 'list'],
  ['rows'],
  ['stats'],
  ['reveal', '--message', messageId, '--reason', 'case', '--json'],
  ['reveal', '--message', messageId, '--reason', 'case'],
  ['quarantine', 'show', PLANTED, '--reason', 'case'],
  ['runs'],
];

describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('on a real terminal', () => {
  test.each([60, 80, 120, 200])(
    'of %i columns, no value reaches it as control characters, lines fit, and no id is cut',
    async (columns) => {
      const commands = COMMANDS();
      const outputs = await eachOnTerminal(
        { ...custody.env, ...NO_TEMPORAL, NO_COLOR: '1' },
        columns,
        commands,
      );
      for (const [at, args] of commands.entries()) {
        const text = (outputs[at] ?? '').replaceAll(CURSOR, '');
        expect(text, args.join(' ')).not.toBe('');
        expect(CONTROL.exec(text)?.[0], args.join(' ')).toBeUndefined();
        // A body is shown in its own lines.
        if (args.includes('--json') || args.includes('show') || args.includes('reveal')) continue;
        expect(text, args.join(' ')).not.toMatch(/^✓ fine/m);
        for (const line of stripVTControlCharacters(text).split('\n')) {
          // A value is never cut: one that is longer than the line stands alone beside its title.
          const words = line.trim().split(/\s+/);
          if (words.length > 3) expect(stringWidth(line), line).toBeLessThanOrEqual(columns);
        }
      }
      expect(outputs.at(-1)).toContain(RUN.replace('Z', '1'));
      expect(outputs.at(-1)).not.toContain('…');
    },
  );
});

test('JSON escapes them, and the value stays the same', async () => {
  const { stdout } = await loginEtl(custody.env, ['audit', 'list', '--json', '--limit', '10000']);
  expect(CONTROL.test(stdout)).toBe(false);
  const entries = JSON.parse(stdout) as { reason: string }[];
  expect(entries.map(({ reason }) => reason)).toContain(PLANTED);
});
