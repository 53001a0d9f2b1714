import { type Document, fencedBlocks, inlineCode } from './documents.ts';

export type ShownCommand = {
  where: string;
  args: string[];
  /** Named in a sentence, where its required options may be left out. */
  mention: boolean;
};

/** Each call of `login-etl` that a document shows, with its arguments as a shell would pass them. */
export function shownCommands(document: Document): ShownCommand[] {
  const { path } = document;
  const inBlocks = fencedBlocks(document).flatMap((block) =>
    joinContinued(block.lines).flatMap(([offset, line]) =>
      callsIn(line).map((args) => ({
        where: `${path}:${block.line + offset}`,
        args,
        mention: false,
      })),
    ),
  );
  const inline = inlineCode(document).flatMap((code) =>
    callsIn(code).map((args) => ({ where: `${path}: ${code}`, args, mention: true })),
  );
  return [...inBlocks, ...inline].filter(({ args }) => args[0] !== 'COMMAND');
}

/** Lines that end with a backslash continue on the next. */
function joinContinued(lines: readonly string[]): [offset: number, line: string][] {
  const joined: [number, string][] = [];
  for (const [at, line] of lines.entries()) {
    const last = joined.at(-1);
    if (last?.[1].endsWith('\\')) last[1] = `${last[1].slice(0, -1)}${line}`;
    else joined.push([at, line]);
  }
  return joined;
}

/** The arguments of each `login-etl` in a line, which may be a pipeline. */
function callsIn(line: string): string[][] {
  return simpleCommands(line.replace('<command>', 'COMMAND')).flatMap((words) => {
    const program = words.findIndex((word) => !/^[A-Z_]+=/.test(word) && word !== 'npx');
    return words[program] === 'login-etl' ? [words.slice(program + 1)] : [];
  });
}

/** Three spaces: an explanation follows, as in the examples of `--help`. */
const TOKEN =
  /("(?:\\.|[^"\\])*"|'[^']*'|[^\s"'|;&<>()#]|(?<=\S)#)+|[|;&()]|>>?|<| {3,}|(?<=\s|^)#/g;

function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  let redirected = false;
  for (const [token] of line.trim().matchAll(TOKEN)) {
    if (token === '#' || token.startsWith('   ')) break;
    if (/^[|;&()]$/.test(token)) commands.push([]);
    else if (/^[<>]/.test(token)) redirected = true;
    else if (redirected) redirected = false;
    else commands.at(-1)?.push(unquoted(token));
    if (token === '(') redirected = false;
  }
  return commands;
}

const unquoted = (word: string): string =>
  word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, double?: string, single?: string) =>
    double === undefined ? (single ?? '') : double,
  );
