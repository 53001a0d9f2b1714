import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The styles that `styled` uses, by SGR code. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight:bold',
  2: 'opacity:.65',
  31: 'color:#ff7b72',
  32: 'color:#7ee787',
  33: 'color:#e3b341',
  36: 'color:#79c0ff',
  90: 'color:#8b949e',
};

/** A page that shows a command and what it prints, as a terminal would. */
export async function terminalPage(directory: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--', MAIN, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, FORCE_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const printed = await text(child.stdout);
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #0d1117; color: #e6edf3; }
    pre { margin: 16px; display: inline-block; font: 14px/1.25 'DejaVu Sans Mono', monospace; }
    </style><pre>$ npx login-etl ${args.join(' ')}\n${toHtml(printed)}</pre>`;
}

/** Converts SGR escape sequences: a code that sets no style ends the current one. */
function toHtml(printed: string): string {
  const escaped = printed.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const [first = '', ...rest] = escaped.split(`${String.fromCharCode(27)}[`);
  let open = 0;
  const html = rest.map((piece) => {
    const [, code = '', said = ''] = /^(\d+)m(.*)$/s.exec(piece) ?? [];
    const style = STYLES[code];
    if (!style && open === 0) return said;
    open += style ? 1 : -1;
    return `${style ? `<span style="${style}">` : '</span>'}${said}`;
  });
  return [first, ...html, '</span>'.repeat(open)].join('');
}
