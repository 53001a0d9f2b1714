import stringWidth from 'string-width';

/** Spaces, or words; a command in backticks is one word, so that it can be copied. */
const PIECES = /\s+|(?:`[^`]*`|[^\s`]|`)+/g;
/** A label and the spaces that set its text off. */
const LABEL = /^\s*(?:\S+ ){0,2}\S* {2,}(?=\S)/;

/** Breaks a line between words. What follows is indented below its text. A word is never broken. */
export function wrapLine(line: string, width: number): string[] {
  if (stringWidth(line) <= width) return [line];
  const indentation = ' '.repeat(hangingIndent(line, width));
  const lines: string[] = [];
  let current = '';
  let gap = '';
  for (const piece of line.match(PIECES) ?? []) {
    if (piece.trim() === '') {
      gap = piece;
      continue;
    }
    if (current.trim() !== '' && stringWidth(current + gap + piece) > width) {
      lines.push(current);
      const room = width - stringWidth(piece);
      current = (room < 0 ? indentation : indentation.slice(0, room)) + piece;
    } else {
      current += gap + piece;
    }
    gap = '';
  }
  return [...lines, current];
}

function hangingIndent(line: string, width: number): number {
  const label = stringWidth(LABEL.exec(line)?.[0] ?? '');
  if (label > 0 && label <= width / 3) return label;
  return Math.min(line.length - line.trimStart().length + 2, Math.floor(width / 3));
}
