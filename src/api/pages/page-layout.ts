import { createHash } from 'node:crypto';
import { Html, html } from '../../http/safe-html.ts';

const STYLE = `
:root{color-scheme:light dark;--line:#8886;--bar:#2b6cb0}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:0 1rem 3rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:.75rem 0;margin:0;border-bottom:1px solid var(--line)}
nav form{margin-left:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.75rem}
label{display:block}
input,button{font:inherit;padding:.45rem .6rem;max-width:100%}
label input{width:100%}
button{cursor:pointer}
.link{border:0;background:none;padding:0;color:LinkText;text-decoration:underline}
a:focus-visible,button:focus-visible,input:focus-visible,.wide:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
svg{width:100%;height:auto;max-height:16rem}
svg rect{fill:var(--bar)}
svg text{fill:CanvasText;font:12px system-ui,sans-serif}
[role=alert]{border-left:4px solid #b00020;padding:.25rem .75rem}
`;

/** Nothing but the page's own style and forms. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  // With no-referrer, browsers would not say which page a form is of.
  'referrer-policy': 'same-origin',
};

const PAGES = [
  ['/', 'Overview'],
  ['/search', 'Search'],
  ['/sharing', 'Sharing'],
] as const;

const NAVIGATION = html`<nav aria-label="Pages"><ul>
${PAGES.map(([path, name]) => html`<li><a href="${path}">${name}</a></li>`)}
<li><form method="post" action="/sign-out"><button class="link">Sign out</button></form></li>
</ul></nav>`;

export const page = (title: string, content: Html, { signedIn = true } = {}): string =>
  html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · login-etl</title>
<style>${new Html(STYLE)}</style>
${signedIn && NAVIGATION}
<main><h1>${title}</h1>
${content}
</main>
</html>
`.text;

export const signInPage = ({ refused = false } = {}): string =>
  page(
    'Sign in',
    html`<p>With a token or a JWT of the read service, this browser can read for eight hours what it may, and a JWT as long as it is valid.</p>
${refused && html`<p role="alert">This is no token of the service, or a JWT that is too long for a session.</p>`}
<form method="post"><p><label>Token <input type="password" name="token" autocomplete="off" required autofocus></label></p>
<button>Sign in</button></form>`,
    { signedIn: false },
  );
