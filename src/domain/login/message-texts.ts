/** A string or bare word in a message body, and the name before it. */
export type MessageText = { text: string; name?: string | undefined };

/** JSON in a string of JSON, or base64, is read this many levels deep. */
const MAX_LEVELS = 4;
/** Shorter words are rather words. */
const BASE64 = /^[A-Za-z0-9+/_-]{8,}={0,2}$/;
const DATA_URL = /^data:[^,]{0,200};base64,/;
const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|(.))/g;
const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Returns every string and bare word of a body, valid JSON or not. Unlike JSON.parse it keeps all values of a repeated
 * name and reads broken and truncated documents, in time linear in the length of the body.
 */
export function messageTexts(body: string): MessageText[] {
  const found: MessageText[] = [];
  scan(body.replace(/^\uFEFF/, ''), undefined, MAX_LEVELS, found);
  return found;
}

function scan(body: string, name: string | undefined, levels: number, found: MessageText[]): void {
  let pendingName = name;
  const add = (text: string) => {
    found.push({ text, name: pendingName });
    readNested(text, pendingName, levels, found);
    pendingName = undefined;
  };
  for (let at = 0; at < body.length; ) {
    if (body[at] === '"') {
      const end = endOfString(body, at);
      const text = unescapeJson(body.slice(at + 1, end));
      at = afterSpace(body, end + 1);
      if (body[at] === ':') {
        // The search covers names, too.
        found.push({ text });
        pendingName = text;
        at += 1;
      } else add(text);
    } else {
      const end = endOfBareText(body, at);
      const text = body.slice(at, end);
      if (/[^\s{}[\],:]/.test(text)) add(unescapeJson(text).trim());
      at = end;
    }
  }
}

function readNested(
  text: string,
  name: string | undefined,
  levels: number,
  found: MessageText[],
): void {
  if (levels <= 1) return;
  if (text.includes('"') || text.includes('\\')) scan(text, name, levels - 1, found);
  else {
    // `base64` and MIME break lines.
    const encoded = text.replace(DATA_URL, '').replace(/\s/g, '');
    if (!BASE64.test(encoded)) return;
    const decoded = Buffer.from(encoded, 'base64').toString('utf8');
    if (!decoded.includes('\uFFFD')) scan(decoded, name, levels - 1, found);
  }
}

function endOfString(body: string, start: number): number {
  for (let at = start + 1; at < body.length; at += 1) {
    if (body[at] === '\\') at += 1;
    else if (body[at] === '"') return at;
  }
  return body.length;
}

/** Up to the next string, or the next bracket, brace or comma. */
function endOfBareText(body: string, start: number): number {
  for (let at = start + 1; at < body.length; at += 1) {
    if ('"{}[],'.includes(body[at] as string)) return at;
  }
  return body.length;
}

function afterSpace(body: string, start: number): number {
  let at = start;
  while (at < body.length && ' \t\r\n'.includes(body[at] as string)) at += 1;
  return at;
}

const unescapeJson = (text: string): string =>
  text.includes('\\')
    ? text.replace(ESCAPE, (_, hex: string | undefined, char: string) =>
        hex === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text;
