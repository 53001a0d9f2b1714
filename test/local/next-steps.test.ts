import { PassThrough } from 'node:stream';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { localState } from '../../src/local/local-state.ts';
import { nextSteps } from '../../src/local/next-steps.ts';
import { Report } from '../../src/local/report.ts';

const WIDTH = 80;

/** What the report has written so far, without colours. */
function recordingReport({ isTTY = false } = {}) {
  const out = Object.assign(new PassThrough(), { isTTY });
  const report = new Report(out as unknown as NodeJS.WriteStream);
  return { report, lines: () => String(out.read() ?? '').split('\n') };
}

const SERVERS = {
  webUi: 'http://127.0.0.1:58233',
  api: 'http://127.0.0.1:58235',
  loginLink: `http://127.0.0.1:58233/codec/once-${'n'.repeat(22)}`,
};

test('a terminal gets the link that logs in, and a file or a pipe does not', () => {
  const terminal = recordingReport({ isTTY: true });
  nextSteps(terminal.report, SERVERS, localState(process.cwd()));
  const shown = terminal.lines();
  expect(shown.join('\n')).toContain(SERVERS.loginLink);
  for (const line of shown) expect(stringWidth(line), line).toBeLessThanOrEqual(WIDTH);
  const file = recordingReport();
  nextSteps(file.report, SERVERS, localState(process.cwd()));
  expect(file.lines().join('\n')).not.toContain('/once-');
});

test('the next steps fit 80 columns, name files relative to the current directory and no password', () => {
  const { report, lines } = recordingReport();
  nextSteps(report, SERVERS, localState(process.cwd()));
  const shown = lines();
  for (const line of shown) expect(stringWidth(line), line).toBeLessThanOrEqual(WIDTH);
  const text = shown.join('\n');
  expect(text).toContain('npx login-etl rows');
  expect(text).toContain('http://127.0.0.1:58233/codec/login');
  expect(text).toMatch(/\.local\/codec-server-token/);
  expect(text).not.toContain(process.cwd());
  expect(text).not.toContain('postgres://');
});

test('a part that is up, a note and a heading fit 80 columns, whatever they say', () => {
  const { report, lines } = recordingReport();
  report.heading('The first run');
  report.note(
    `Building the Temporal server with Go, which takes several minutes: ${'.'.repeat(30)}`,
  );
  report.up(report.begin('SQS'), 'http://127.0.0.1:59999 (queue login-queue)', 4566);
  report.up(report.begin('Postgres'), '127.0.0.1:59999 (database logins)', 5432);
  report.up(
    report.begin('Codec server'),
    '127.0.0.1:58234, log .local/logs/codec-server.log',
    8234,
  );
  for (const line of lines()) expect(stringWidth(line), line).toBeLessThanOrEqual(WIDTH);
});

test('a line that fits is not changed', () => {
  const { report, lines } = recordingReport();
  report.line(`  a table ${'-'.repeat(70)}\n  | a | b |`);
  expect(lines()).toEqual([`  a table ${'-'.repeat(70)}`, '  | a | b |', '']);
});
