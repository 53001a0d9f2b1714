import { fileURLToPath } from 'node:url';
import type { Setting } from '../src/config/declare-section.ts';
import { SECTIONS } from '../src/config/settings.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program that generates docs/settings.md from the settings.
const FILE = fileURLToPath(new URL('../docs/settings.md', import.meta.url));

const INTRODUCTION = `\
# Settings

<!-- Made from src/config/sections/ by \`npm run settings\`: change it there. -->

Settings come from the environment; \`login-etl\` also reads them from a file with \`--env-file PATH\`. The worker and each
command check the settings that they need, all at once, and list every problem. An empty setting is not set. A secret may
come from a file instead: \`NAME_FILE\` holds the file's path. \`.env.example\` is a template with all of them.
`;

export function settingsPage(): string {
  const sections = Object.values(SECTIONS).map(
    ({ title, settings }) => `## ${title}\n\n${table(settings)}\n`,
  );
  return [INTRODUCTION, ...sections].join('\n');
}

/** Pads the cells as the formatter does. */
function table(settings: readonly Setting[]): string {
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

if (import.meta.main) await writeOrCheck(FILE, () => settingsPage());
