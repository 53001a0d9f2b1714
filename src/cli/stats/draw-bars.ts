import stringWidth from 'string-width';
import { styled } from '../terminal/output.ts';
import type { Chart } from './charts.ts';

/** Eighths of a character cell. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const FULL = '█';
const MAX_LABEL = 24;
const MIN_BAR = 4;
const MAX_BAR = 60;
const INDENTATION = 2;

/** A chart in characters, as wide as the terminal allows. */
export function drawBars({ title, unit, bars }: Chart, width = 80): string[] {
  if (bars.length === 0) return [styled('bold', title), `${' '.repeat(INDENTATION)}none`];
  const labels = bars.map(({ label }) => cut(label));
  const texts = bars.map(({ value, note }) => {
    return `${value.toLocaleString('en')}${note ? `, ${note}` : ''}`;
  });
  const labelWidth = Math.max(...labels.map((label) => stringWidth(label)));
  const textWidth = Math.max(...texts.map((text) => text.length));
  const room = width - INDENTATION - labelWidth - textWidth - 4;
  const barWidth = Math.min(MAX_BAR, Math.max(MIN_BAR, room));
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return [
    `${styled('bold', title)} ${styled('dim', unit)}`,
    ...bars.map(({ value }, at) => {
      const label = pad(labels[at] as string, labelWidth);
      const bar = pad(barOf(value / most, barWidth), barWidth);
      return `${' '.repeat(INDENTATION)}${label}  ${styled('cyan', bar)} ${texts[at]}`;
    }),
  ];
}

/** At least an eighth of a cell for a value above 0. */
function barOf(share: number, width: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  return FULL.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] as string);
}

const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)));

function cut(label: string): string {
  if (stringWidth(label) <= MAX_LABEL) return label;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(label)) {
    if (stringWidth(kept + segment) >= MAX_LABEL) break;
    kept += segment;
  }
  return `${kept}…`;
}
