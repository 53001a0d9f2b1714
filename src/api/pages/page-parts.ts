import { type Html, html } from '../../http/safe-html.ts';
import type { FoundLogin } from '../../postgres/reads/search-logins.ts';

/** The answer of a route of the service, or the text of its problem. */
export type Asked = { problem?: string; [field: string]: unknown };
/** Asks a route of the service with the rights of the page's user. */
export type Ask = (path: string, body?: object) => Promise<Asked>;

export type Fields = Readonly<Record<string, string>>;

export const problemShown = ({ problem }: Asked): Html | undefined =>
  problem === undefined ? undefined : html`<p role="alert">${problem}</p>`;

const SHOWN_CHARACTERS = 12;

/** A masked value, short, as a link to its page. */
export const maskedLink = (kind: 'devices' | 'ips', masked: string | null): Html =>
  masked === null
    ? html`withheld`
    : /^[0-9a-f]{64}$/.test(masked)
      ? html`<a href="/${kind}/${masked}" title="${masked}"><code>${masked.slice(0, SHOWN_CHARACTERS)}…</code></a>`
      : html`<code>${masked.slice(0, SHOWN_CHARACTERS)}</code>`;

/** A user's id must not be part of an address, so the link is a form. */
export const userLink = (user: string): Html =>
  html`<form method="post" action="/user"><input type="hidden" name="user" value="${user}"><button class="link">${user}</button></form>`;

export const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (Html | string | number | null)[])[],
): Html =>
  rows.length === 0
    ? html`<p>${caption}: none.</p>`
    : html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;

export const loginsTable = (caption: string, logins: readonly FoundLogin[]): Html =>
  table(
    caption,
    ['Sent (UTC)', 'User', 'Device', 'Address', 'Type', 'App', 'Locale'],
    logins.map((row) => [
      row.sent_at.slice(0, 19).replace('T', ' '),
      userLink(row.user_id),
      maskedLink('devices', row.masked_device_id),
      maskedLink('ips', row.masked_ip),
      row.device_type,
      row.app_version,
      row.locale,
    ]),
  );

type Day = { day: string; logins?: number };

const WIDTH = 900;
const HEIGHT = 180;
const BELOW = 20;
const MAX_BAR_WIDTH = 40;

/** Logins per day; a day that is withheld has no bar. */
export function daysChart(days: readonly Day[]): Html {
  const most = Math.max(1, ...days.map(({ logins = 0 }) => logins));
  const step = WIDTH / Math.max(1, days.length);
  const width = Math.min(MAX_BAR_WIDTH, step * 0.8);
  const bars = days.map(({ day, logins }, at) => {
    const height = ((logins ?? 0) / most) * (HEIGHT - BELOW);
    const what = logins === undefined ? 'withheld' : `${logins} logins`;
    return html`<rect x="${(at * step).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"><title>${day}: ${what}</title></rect>`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT + BELOW}" role="img" aria-label="Logins per day, at most ${most}">
${bars}
<text x="0" y="12">${most}</text>
<text x="0" y="${HEIGHT + 15}">${days[0]?.day}</text>
<text x="${WIDTH}" y="${HEIGHT + 15}" text-anchor="end">${days.at(-1)?.day}</text>
</svg>`;
}
