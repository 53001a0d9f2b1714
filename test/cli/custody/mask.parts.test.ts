import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { findTraces } from '../../support/data/find-traces.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const IP = '2001:db8:77::beef';
const LONG_IP = '2001:0DB8:0077:0:0:0:0:BEEF';
const REASON = ['--reason', 'case 12'];
type Result = { auditId: string; masked: { maskKeyId: string; maskedValue: string }[] };

let database: TestDatabase;
let custody: Custody;
let audits: number;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
});
beforeEach(async () => {
  audits = (await custody.auditRows()).length;
});
afterAll(() => database?.remove());

const mask = (args: string[], stdin = `${LONG_IP}\n`, env: Record<string, string> = {}) =>
  loginEtl({ ...custody.env, ...env }, ['mask', ...args], { stdin });
const newAudits = async () => (await custody.auditRows()).slice(audits);

/** The custodian's keys with another one, active. */
function withNewKey(): string {
  const { keys } = JSON.parse(custody.env.MASKING_KEYS ?? '') as { keys: object };
  const next = Buffer.alloc(32, 7).toString('base64');
  return JSON.stringify({ active: 'next', keys: { ...keys, next } });
}

describe('mask', () => {
  test.each([['--ip'], ['--ip', '-']])(
    'prints what the value on standard input is in user_logins, on the record: %s %s',
    async (...option) => {
      const { exitCode, stdout } = await mask([...option, ...REASON]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(custody.mask('ip', IP));
      expect(await newAudits()).toEqual([
        expect.objectContaining({
          actor: custody.user,
          action: 'mask',
          reason: 'case 12',
          detail: {
            field: 'ip',
            maskedValues: [custody.mask('ip', IP)],
            maskKeyIds: ['test'],
          },
        }),
      ]);
      const bytes = Buffer.from(stdout + JSON.stringify(await newAudits()));
      expect(findTraces([{ place: 'output and record', bytes }], [IP, LONG_IP])).toEqual([]);
    },
  );

  test('masks with each masking key, the active one first, or with that one only', async () => {
    const env = { MASKING_KEYS: withNewKey() };
    const all = jsonOf<Result>(await mask(['--ip', '--json', ...REASON], IP, env));
    expect(all.masked.map(({ maskKeyId }) => maskKeyId)).toEqual(['next', 'test']);
    expect(all.masked[1]?.maskedValue).toBe(custody.mask('ip', IP));
    const active = jsonOf<Result>(await mask(['--ip', '--active', '--json', ...REASON], IP, env));
    expect(active.masked).toEqual(all.masked.slice(0, 1));
  });

  test('an address that is masked as a device has another masked value', async () => {
    const { masked } = jsonOf<Result>(await mask(['--device', '--json', ...REASON], IP));
    expect(masked[0]?.maskedValue).toBe(custody.mask('device_id', IP));
    expect(masked[0]?.maskedValue).not.toBe(custody.mask('ip', IP));
  });

  test('the record of an unkeyed mask has only the key id, since anyone could reverse the value', async () => {
    const env = { MASKING_MODE: 'sha256', MASKING_KEYS: '' };
    const { masked } = jsonOf<Result>(await mask(['--ip', '--json', ...REASON], IP, env));
    const maskedValue = createHash('sha256').update(IP).digest('hex');
    expect(masked).toEqual([{ maskKeyId: 'sha256', maskedValue }]);
    const [audit] = await newAudits();
    expect(audit?.detail).toEqual({ field: 'ip', maskedValues: [], maskKeyIds: ['sha256'] });
  });

  test('shows nothing if its audit record is refused', async () => {
    const { exitCode, stdout, stderr } = await custody.without('insert on audit_log', () =>
      mask(['--ip', ...REASON]),
    );
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('login_etl_custodian');
  });

  test('worker and analyst, who may not write a record, get no answer', async () => {
    for (const role of ['worker', 'analyst'] as const) {
      const env = { DATABASE_URL: database.urls[role] };
      const { exitCode, stdout, stderr } = await mask(['--ip', ...REASON], IP, env);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr).toContain('login_etl_custodian');
    }
  });

  test.each([
    [['--ip', IP, ...REASON], IP],
    [['--ip', '--device', ...REASON], IP],
    [['--ip'], IP],
    [['--ip', '--reason', ' '], IP],
    [REASON, IP],
    [['--ip', ...REASON], '203.0.113.300'],
    [['--device', ...REASON], ''],
    [['--device', ...REASON], 'x'.repeat(257)],
  ])('a value that it cannot mask exits with 2 and is not repeated: %j', async (args, stdin) => {
    const { exitCode, stdout, stderr } = await mask(args, stdin);
    expect([exitCode, stdout]).toEqual([2, '']);
    if (stdin !== '') expect(stderr).not.toContain(stdin);
    expect(await newAudits()).toEqual([]);
  });
});
