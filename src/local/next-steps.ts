import type { LocalServers } from './local-servers.ts';
import type { LocalState } from './local-state.ts';
import type { DatabaseUrls } from './postgres/database-users.ts';
import type { Report } from './report.ts';
import { CODEC_PATH } from './temporal/web-ui-front.ts';

/** What a reader can do while everything is up. */
export function nextSteps(
  report: Report,
  { webUi, urls }: Pick<LocalServers, 'webUi'> & { urls: DatabaseUrls },
  state: LocalState,
): void {
  report.heading('What to do next, in another terminal');
  const steps = [
    ['watch the runs', webUi],
    [
      'read payloads there',
      `${webUi}${CODEC_PATH}/login, with the token in ${state.codecServerToken}`,
    ],
    ['look at the rows', `psql '${urls.analyst}' -c 'select * from user_logins limit 10'`],
    ['send more', 'npx login-etl send samples/logins.jsonl --repeat 100'],
    ['run it now', 'npx login-etl run'],
    ['see the schedule', 'npx login-etl schedule describe'],
    ['check everything', 'npx login-etl doctor'],
  ];
  for (const [what, how] of steps) report.line(`  ${(what ?? '').padEnd(20)} ${how}`);
  report.line(
    report.style(
      'dim',
      `\nThe schedule goes on firing every minute. State is in ${state.directory}; Ctrl-C stops everything.`,
    ),
  );
}
