import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBody } from '../http/read-request-body.ts';
import { refuseOtherPages } from '../http/refuse-other-pages.ts';
import { isSameToken } from '../http/same-token.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:4em auto;padding:0 1em}input,button{font:inherit;width:100%;box-sizing:border-box;padding:.5em;margin:.5em 0}[role=alert]{color:#b00020}';
const MAX_BYTES = 4_096;

const LOGIN_PAGE_TYPE = 'text/html; charset=utf-8';

/** The form is posted to the page's own address, and leads on to the Web UI. */
export const loginPage = ({ refused = false } = {}): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>login-etl codec server</title>
<style>${STYLE}</style>
<h1>Show payloads in the Web UI</h1>
<p>With the codec server's token, this browser can decode payloads for eight hours. What it decodes is on record.</p>
${refused ? '<p role="alert">This is not the token.</p>' : ''}
<form method="post">
<label>Token <input type="password" name="token" autocomplete="off" required autofocus></label>
<button>Go on to the Web UI</button>
</form>
<form method="post" action="logout"><button>End this browser's session</button></form>
</html>
`;

/** Nothing but the page's own style; the form goes to this server, and from there to the Web UI. */
export const loginPageHeaders = (uiOrigin: string): Record<string, string> => ({
  'content-type': LOGIN_PAGE_TYPE,
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    `form-action 'self' ${uiOrigin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  // With no-referrer, browsers would not say which page the form is of.
  'referrer-policy': 'same-origin',
});

/** @returns whether the form that was sent holds the token */
export async function isTokenTyped(request: IncomingMessage, token: string): Promise<boolean> {
  refuseOtherPages(request);
  const body = await readBody(request, {
    type: 'application/x-www-form-urlencoded',
    maxBytes: MAX_BYTES,
  });
  return isSameToken(new URLSearchParams(body).get('token')?.trim() ?? '', token);
}
