import { fileURLToPath } from 'node:url';
import type { Setting } from '../src/config/declare-section.ts';
import { SECTIONS } from '../src/config/settings.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program that generates .env.example from the settings.
const FILE = fileURLToPath(new URL('../.env.example', import.meta.url));

const HEADER = `\
# Made from src/config/sections/ by \`node scripts/make-env-example.ts\`: change it there.
#
# Copy it to .env, fill in what is not commented out, and name it:
#   npx login-etl --env-file .env doctor
#   node --env-file=.env src/worker.ts
#
# A line that is commented out shows the default or an example; with nothing behind the "=", there is none.
`;

const WIDTH = 100;

export function envExample(): string {
  const sections = Object.values(SECTIONS).map(({ title, settings }) =>
    [`# ---- ${title} ----\n`, ...settings.map(entry)].join('\n'),
  );
  return [HEADER, ...sections].join('\n');
}

function entry(setting: Setting): string {
  const { name, description, required, secret } = setting;
  const file = secret ? [comment(`Or ${name}_FILE: the path of a file that holds it.`)] : [];
  const assignment = `${name}=${quoted(setting.example ?? setting.default ?? '')}`;
  return [comment(description), ...file, `${required ? '' : '# '}${assignment}`, ''].join('\n');
}

/** Quotes a value for Node, a shell and Docker Compose. */
const quoted = (value: string): string => (/^[\w./:@-]*$/.test(value) ? value : `'${value}'`);

function comment(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line.length + word.length + 3 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `# ${line}`).join('\n');
}

if (import.meta.main) await writeOrCheck(FILE, () => envExample());
