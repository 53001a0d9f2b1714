import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';

const read = (DATABASE_URL: string, more: Record<string, string> = {}) =>
  loadConfig(['postgres'], { DATABASE_URL, ...more }).postgres;

function problemOf(url: string, more: Record<string, string> = {}): string {
  try {
    read(url, more);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return '';
}

test('hosts and ports are read as libpq reads them', () => {
  const hostsOf = (url: string, more?: Record<string, string>) => read(url, more).choice?.hosts;
  const two = [
    { host: 'a.example', port: 1 },
    { host: '::1', port: 5432 },
  ];
  expect(hostsOf('postgresql://u:p@a.example:1,[::1]/db')).toEqual(two);
  expect(hostsOf('postgres:///db?host=a.example,::1&port=1,5432')).toEqual(two);
  expect(hostsOf('postgres:///db', { PGHOST: 'a.example,::1', PGPORT: '1,' })).toEqual(two);
  expect(
    hostsOf('postgres:///db', { PGHOST: 'a,b', PGPORT: '7' })?.map(({ port }) => port),
  ).toEqual([7, 7]);
  expect(read('postgres://%2Fvar%2Frun/db')).toMatchObject({ host: '/var/run', ssl: false });
  expect(read('postgres://u@h/db')).not.toHaveProperty('choice');
  expect(read('postgres://u@h/db?target_session_attrs=primary').choice?.hosts).toHaveLength(1);
});

test('parts that the URL leaves out come from the variables', () => {
  const env = { PGUSER: 'u', PGPASSWORD: 'p', PGDATABASE: 'd', PGPORT: '7' };
  const rest = { user: 'u', password: 'p', database: 'd', port: 7 };
  expect(read('postgres://h', env)).toMatchObject({ host: 'h', ...rest });
  expect(read('postgres://x:y@h:8/z', env)).toMatchObject({ user: 'x', password: 'y', port: 8 });
});

test('encoded parts are decoded', () => {
  expect(read('postgres://a%40b:p%23%3F%2F%25%40@h/d%2F1')).toMatchObject({
    user: 'a@b',
    password: 'p#?/%@',
    database: 'd/1',
  });
});

describe('a password that is not encoded is refused, with a hint, and not repeated', () => {
  const MARK = 'q7zx';
  test.each([
    '#',
    '?',
    '/',
    '%',
    '@',
    '#1',
    '?x=1',
    '/1',
    '%zz',
    '@1',
    '1/',
    '1?',
    '1#',
    '1@',
    '?a',
  ])('%s', (piece) => {
    for (const password of [
      `${MARK}${piece}`,
      `${piece}${MARK}`,
      `${MARK}${piece}${MARK}`,
      `1${piece}${MARK}`,
    ]) {
      const problem = problemOf(`postgres://user:${password}@db.example:5432/logins`);
      expect(problem, password).toMatch(/^DATABASE_URL is not a URL such as .*[Pp]ercent-encode/);
      expect(problem.replace(/postgres:.*?database/, '')).not.toContain(MARK);
    }
  });
});

describe('parameters', () => {
  test.each(['sslmod', 'hostaddr', 'max', 'service', 'connecttimeout'])(
    '%s is refused by its name',
    (name) => {
      expect(problemOf(`postgres://h/db?${name}=x`)).toMatch(
        new RegExp(`^DATABASE_URL has a parameter ${name} that is not supported`),
      );
    },
  );

  test.each(['target_session_attrs', 'connect_timeout', 'sslnegotiation', 'sslmode'])(
    'a wrong %s is refused by its name',
    (name) => {
      const problem = problemOf(`postgres://h/db?${name}=q7zx`);
      expect(problem).toMatch(new RegExp(`^DATABASE_URL has a wrong ${name}`));
      expect(problem).not.toContain('q7zx');
    },
  );

  test('the known ones are used', () => {
    expect(
      read('postgres://h/db?application_name=x&connect_timeout=3&options=-c%20geqo%3Doff'),
    ).toMatchObject({
      application_name: 'x',
      connectionTimeoutMillis: 3_000,
      options: '-c geqo=off',
    });
  });
});

test('the number of ports is that of the hosts, or one', () => {
  expect(problemOf('postgres:///db?host=a,b&port=1,2,3')).toMatch(
    /^DATABASE_URL must have one port/,
  );
  expect(problemOf('postgres:///db', { PGHOST: 'a,b', PGPORT: '1,2,3' })).toMatch(/^PGPORT must/);
  expect(problemOf('postgres://h:70000/db')).toMatch(/^DATABASE_URL has a port/);
});
