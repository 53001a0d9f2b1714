import type { LocalServers } from './local-servers.ts';
import { type LocalState, relativePath } from './local-state.ts';
import type { Report } from './report.ts';
import { CODEC_PATH } from './temporal/web-ui-front.ts';

/** Shows what a reader can do while everything is up. */
export function nextSteps(
  report: Report,
  { webUi, loginLink, api }: Pick<LocalServers, 'webUi' | 'loginLink'> & { api: string },
  state: LocalState,
): void {
  report.heading('What to do next, in another terminal');
  const steps = [
    ['watch the runs', webUi],
    ...(report.isTerminal ? [['read payloads there', `${loginLink} (works once)`]] : []),
    [report.isTerminal ? '  later' : 'read payloads there', `${webUi}${CODEC_PATH}/login,`],
    ['', `with the token in ${relativePath(state.codecServerToken)}`],
    ['see the rows', 'npx login-etl rows'],
    ['look at the logins', `${api}/,`],
    ['', `with a token of ${relativePath(state.apiTokens)}`],
    ['send more', 'npx login-etl send samples/logins.jsonl --repeat 100'],
    ['run it now', 'npx login-etl run'],
    ['see the schedule', 'npx login-etl schedule describe'],
    ['check everything', 'npx login-etl doctor'],
  ];
  for (const [what = '', how] of steps) report.line(`  ${what.padEnd(20)} ${how}`);
  report.line();
  for (const line of [
    'The schedule starts a run every minute.',
    `State is in ${relativePath(state.directory)}; Ctrl-C stops everything.`,
  ]) {
    report.line(report.style('dim', line));
  }
}
