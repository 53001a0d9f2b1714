import { type Html, html } from '../../http/safe-html.ts';
import type { FoundLogin } from '../../postgres/reads/search-logins.ts';
import {
  type Ask,
  type Asked,
  daysChart,
  type Fields,
  loginsTable,
  maskedLink,
  problemShown,
  table,
  userLink,
} from './page-parts.ts';

const NEWEST = 20;
/** Devices and addresses of a user whose other users are shown. */
const MOST_SHARED = 5;

const rowsOf = <Row>({ data }: Asked): Row[] => (data ?? []) as Row[];

export async function overview(ask: Ask): Promise<Html> {
  const [days, newest] = await Promise.all([
    ask('/v1/stats/days'),
    ask('/v1/logins/search', { limit: NEWEST }),
  ]);
  const counted = rowsOf<{ day: string; logins?: number; users?: number }>(days);
  return html`<section><h2>Logins per day</h2>
${problemShown(days)}${counted.length > 0 && daysChart(counted)}
<details><summary>As a table</summary>${table(
    'Logins per day',
    ['Day', 'Logins', 'Users'],
    counted.map(({ day, logins, users }) => [day, logins ?? 'withheld', users ?? 'withheld']),
  )}</details></section>
<section><h2>Newest rows</h2>
${problemShown(newest) ?? loginsTable('The newest rows', rowsOf<FoundLogin>(newest))}</section>`;
}

const FIELDS = [
  ['user', 'User', 'text'],
  ['masked_device', 'Masked device', 'text'],
  ['masked_ip', 'Masked address', 'text'],
  ['device_type', 'Device type', 'text'],
  ['app_version', 'App version', 'text'],
  ['locale', 'Locale', 'text'],
  ['from', 'From', 'date'],
  ['to', 'To', 'date'],
] as const;

export async function searchPage(ask: Ask, fields: Fields): Promise<Html> {
  const asked = Object.keys(fields).length > 0;
  const found = asked ? await ask('/v1/logins/search', fields) : {};
  const older = typeof found.next === 'string' && { ...fields, cursor: found.next };
  return html`<form method="post" action="/search"><div class="fields">
${FIELDS.map(
  ([name, label, type]) =>
    html`<label>${label} <input name="${name}" type="${type}" value="${fields[name]}" autocomplete="off"></label>`,
)}
</div><p><button>Search</button></p></form>
${problemShown(found)}
${asked && !found.problem && loginsTable('Rows, newest first', rowsOf<FoundLogin>(found))}
${older && html`<form method="post" action="/search">${hidden(older)}<button>Older rows</button></form>`}`;
}

const hidden = (fields: Fields): Html[] =>
  Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );

type Account = { user_id: string; logins: number; first_day: string; last_day: string };

const accountsTable = (caption: string, accounts: readonly Account[]): Html =>
  table(
    caption,
    ['User', 'Logins', 'First day', 'Last day'],
    accounts.map((each) => [userLink(each.user_id), each.logins, each.first_day, each.last_day]),
  );

/** A device or an address: who is seen on it, and its rows. */
export const sharedValue =
  (kind: 'devices' | 'ips') =>
  async (ask: Ask, { cursor }: Fields, masked: string): Promise<Html> => {
    const path = `/v1/${kind}/${encodeURIComponent(masked)}`;
    const more = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
    const [accounts, logins] = await Promise.all([
      ask(`${path}/accounts`),
      ask(`${path}/logins${more}`),
    ]);
    return html`<p><code>${masked}</code></p>
<section><h2>Users</h2>
${accounts.hub === true && html`<p>More than 1,000 users: a network or a shared device, which tells little of one of them.</p>`}
${problemShown(accounts) ?? accountsTable('Users seen on it', rowsOf<Account>(accounts))}</section>
<section><h2>History</h2>
${problemShown(logins) ?? loginsTable('Rows, newest first', rowsOf<FoundLogin>(logins))}
${typeof logins.next === 'string' && html`<p><a href="/${kind}/${masked}?cursor=${logins.next}">Older rows</a></p>`}</section>`;
  };

/** A user's rows, and the other users of its devices and addresses. */
export async function userPage(ask: Ask, { user = '' }: Fields): Promise<Html> {
  const logins = await ask('/v1/logins/search', { user });
  const rows = rowsOf<FoundLogin>(logins);
  const shared: Html[] = [];
  for (const [kind, noun, column] of [
    ['devices', 'device', 'masked_device_id'],
    ['ips', 'address', 'masked_ip'],
  ] as const) {
    const seen = [...new Set(rows.map((row) => row[column]))].filter((masked) => masked !== null);
    for (const masked of seen.slice(0, MOST_SHARED)) {
      const accounts = await ask(`/v1/${kind}/${encodeURIComponent(masked)}/accounts`);
      const others = rowsOf<Account>(accounts).filter(({ user_id }) => user_id !== user);
      if (others.length === 0) continue;
      shared.push(
        html`<h3>${noun} ${maskedLink(kind, masked)}</h3>${accountsTable('Other users', others)}`,
      );
    }
  }
  return html`<p>${user}</p>
<section><h2>Shares with</h2>${shared.length > 0 ? shared : html`<p>Nobody, on the latest devices and addresses.</p>`}</section>
<section><h2>History</h2>
${problemShown(logins) ?? loginsTable('Rows, newest first', rows)}
${
  typeof logins.next === 'string' &&
  html`<form method="post" action="/search">${hidden({ user, cursor: logins.next })}<button>Older rows</button></form>`
}</section>`;
}

type SharedRow = {
  masked: string;
  users: number;
  devices?: number;
  logins: number;
  last_day: string;
  hub: boolean;
};

export async function sharingLists(ask: Ask): Promise<Html> {
  const [devices, ips] = await Promise.all([ask('/v1/sharing/devices'), ask('/v1/sharing/ips')]);
  const list = (kind: 'devices' | 'ips', caption: string, asked: Asked) =>
    problemShown(asked) ??
    table(
      caption,
      ['Masked', 'Users', ...(kind === 'ips' ? ['Devices'] : []), 'Logins', 'Last day', ''],
      rowsOf<SharedRow>(asked).map((row) => [
        maskedLink(kind, row.masked),
        row.users,
        ...(kind === 'ips' ? [row.devices ?? ''] : []),
        row.logins,
        row.last_day,
        row.hub ? 'hub' : '',
      ]),
    );
  return html`<section><h2>Devices with several users</h2>${list('devices', 'Shared devices', devices)}</section>
<section><h2>Addresses with several devices</h2>${list('ips', 'Shared addresses', ips)}</section>`;
}
