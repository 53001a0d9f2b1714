import { fileURLToPath } from 'node:url';
import { SETTINGS, type Setting } from '../src/config/settings.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program: puts the table of all settings between the two marks in docs/settings.md.
const FILE = fileURLToPath(new URL('../docs/settings.md', import.meta.url));

const BEGIN = '<!-- settings -->';
const END = '<!-- /settings -->';

/** Padded as the formatter has it. */
export function settingsTable(settings: readonly Setting[] = SETTINGS): string {
  const rows = [['Setting', 'Default', 'What it is'], ...settings.map(cells)];
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => (row[at] as string).length)));
  const line = (row: string[], filler: string) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] as number, filler)).join(' | ')} |`;
  const [head, ...body] = rows.map((row) => line(row, ' '));
  return [head, line(['', '', ''], '-'), ...body].join('\n');
}

function cells({ name, required, secret, description, ...setting }: Setting): string[] {
  const names = secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
  const otherwise = setting.default === undefined ? '' : `\`${setting.default}\``;
  return [names, required ? '**required**' : otherwise, description.replaceAll('|', '\\|')];
}

/** The text with a fresh table between its marks. @throws when it has no marks */
export function withSettingsTable(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/settings.md has no ${BEGIN} … ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${settingsTable()}\n\n${text.slice(end)}`;
}

if (import.meta.main) await writeOrCheck(FILE, withSettingsTable);
