import { wrapLine } from './wrap-line.ts';

/** Lines that follow one another and are not indented: commands, options and examples are. */
const PARAGRAPHS = /^\S.*(?:\n\S.*)*/gm;

/** Breaks paragraphs at this width, wherever their lines ended before. */
export const reflow = (text: string, width: number): string =>
  text.replaceAll(PARAGRAPHS, (paragraph) =>
    wrapLine(paragraph.replaceAll('\n', ' '), width)
      .map((line) => line.trimStart())
      .join('\n'),
  );
