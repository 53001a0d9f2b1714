import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type Document = { path: string; text: string };

const read = (path: string): Document => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') });

export const readDocument = (path: string): string => read(path).text;

/** What people read: README, CONTRIBUTING and all of docs/. */
export const documents = (): Document[] =>
  ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()].map(read);

export type FencedBlock = { path: string; line: number; language: string; lines: string[] };

/** The fenced code blocks of a document. `line` is that of the first line inside, counted from 1. */
export function fencedBlocks({ path, text }: Document): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  let open: FencedBlock | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const [, fence] = /^ *```(.*)$/.exec(line) ?? [];
    if (fence === undefined) open?.lines.push(line.trim());
    else if (open) open = undefined;
    else {
      open = { path, line: at + 2, language: fence.trim(), lines: [] };
      blocks.push(open);
    }
  }
  return blocks;
}

/** The inline code of a document, outside of its blocks. */
export const inlineCode = ({ text }: Document): string[] =>
  [...text.replace(/^ *```.*?^ *```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replaceAll('\n', ' '),
  );
