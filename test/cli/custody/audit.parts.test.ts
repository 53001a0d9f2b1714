import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AUDIT_ORIGIN, type AuditVerdict } from '../../../src/domain/verify-audit.ts';
import { appendAuditRecord } from '../../../src/postgres/audit/append-audit-record.ts';
import type { AuditEntry } from '../../../src/postgres/audit/read-audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

const audit = (...args: string[]) =>
  loginEtl({ DATABASE_URL: database.urls.custodian }, ['audit', ...args]);

type ErrorAction = AuditVerdict & { intact: boolean };

describe('the audit log', () => {
  test('verifies when it is empty, and has the head of an empty log', async () => {
    const { exitCode, stdout } = await audit('verify');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`head     ${AUDIT_ORIGIN}`);
    expect((await audit('list')).stdout).toBe('no records\n');
  });

  test('is listed with one line per record: who did what, and why', async () => {
    for (const reason of ['the first', 'line\n\u001b[31mone']) {
      await appendAuditRecord(database.pool, { action: 'reveal', reason, detail: { ips: 2 } });
    }
    await appendAuditRecord(database.pool, { action: 'erase', reason: 'asked for', detail: {} });
    const { exitCode, stdout } = await audit('list');
    expect(exitCode).toBe(0);
    const [titles, ...lines] = stdout.trimEnd().split('\n');
    expect(titles?.trim().split(/\s+/)).toEqual('id at actor action reason detail'.split(' '));
    expect(lines).toHaveLength(3);
    expect(lines[0]?.trim()).toMatch(/^#1 +20\S+Z +postgres +reveal +the first +\{"ips":2\}$/);
    expect(lines[1]).toContain('line\\u000A\\u001B[31mone');
    expect(stdout).not.toContain('\u001b');
    const erased = jsonOf<AuditEntry[]>(await audit('list', '--action', 'erase', '--json'));
    expect(erased).toEqual([
      expect.objectContaining({ id: '3', actor: 'postgres', reason: 'asked for', detail: {} }),
    ]);
  });

  test('that was changed ends with 1 and names the record; a head noted before must be in it', async () => {
    const before = jsonOf<ErrorAction>(await audit('verify', '--json'));
    expect(before).toMatchObject({ intact: true, records: 3, problems: [] });
    await appendAuditRecord(database.pool, { action: 'reveal', reason: 'another', detail: {} });
    const later = await audit('verify', '--expect-head', before.head.toUpperCase());
    expect([later.exitCode, later.stderr]).toEqual([0, '']);
    await database.pool.query(`
      alter table audit_log disable trigger all;
      delete from audit_log where id >= 3; update audit_log set reason = 'else' where id = 2`);
    const { exitCode, stdout } = await audit('verify', '--expect-head', before.head);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✗ record 2 was changed');
    expect(stdout).toContain('✗ no record has the expected head');
    const json = await audit('verify', '--json');
    expect(json.exitCode).toBe(1);
    expect(jsonOf<ErrorAction>(json)).toMatchObject({ intact: false, records: 2 });
  });

  test('cannot be read by the worker, and the error names the role that may', async () => {
    for (const command of ['list', 'verify']) {
      const { exitCode, stdout, stderr } = await loginEtl({ DATABASE_URL: database.urls.worker }, [
        'audit',
        command,
      ]);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain('login_etl_custodian');
    }
  });

  test('refuses a head of another form', async () => {
    expect((await audit('verify', '--expect-head', 'abc')).exitCode).toBe(2);
  });
});
