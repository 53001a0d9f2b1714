import type { Bar, Chart } from './charts.ts';
import { escapeMarkup } from './escape-markup.ts';

const WIDTH = 720;
/** Of the column chart of days. */
const HEIGHT = 220;
const BASE = 24;
const TOP = 18;
const MAX_DAY_LABELS = 10;
/** Of the bars of a ranking. */
const ROW = 26;
const LABEL = 200;
const NUMBER = 170;

/** A chart as SVG inside the page. Every bar has its text as its title too, for a pointer to find. */
export function svgChart(chart: Chart): string {
  const { width, height, body } =
    chart.kind === 'days' ? columns(chart.bars) : rows(chart.bars, chart.unit);
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(chart.title)}" xmlns="http://www.w3.org/2000/svg">` +
    `${body}</svg>`
  );
}

type Drawing = { width: number; height: number; body: string };

function columns(bars: readonly Bar[]): Drawing {
  const most = largest(bars);
  const step = WIDTH / Math.max(1, bars.length);
  const labelEvery = Math.ceil(bars.length / MAX_DAY_LABELS);
  const body = bars.map(({ label, value }, at) => {
    const height = (value / most) * (HEIGHT - BASE - TOP);
    const x = at * step;
    const middle = fixed(x + step / 2);
    const bar = `<rect class="bar" x="${fixed(x + step * 0.1)}" y="${fixed(HEIGHT - BASE - height)}" width="${fixed(step * 0.8)}" height="${fixed(height)}"/>`;
    const shown = at % labelEvery === 0;
    const day = shown ? text(middle, HEIGHT - 6, 'middle', label.slice(5)) : '';
    const number = shown
      ? text(middle, fixed(HEIGHT - BASE - height - 5), 'middle', compact(value))
      : '';
    return `<g>${title(`${label}: ${full(value)}`)}${bar}${day}${number}</g>`;
  });
  const line = `<line class="base" x1="0" y1="${HEIGHT - BASE}" x2="${WIDTH}" y2="${HEIGHT - BASE}"/>`;
  return { width: WIDTH, height: HEIGHT, body: body.join('') + line };
}

function rows(bars: readonly Bar[], unit: string): Drawing {
  const most = largest(bars);
  const room = WIDTH - LABEL - NUMBER;
  const body = bars.map(({ label, value, note }, at) => {
    const y = at * ROW;
    const width = (value / most) * room;
    const said = `${full(value)}${note ? `, ${note}` : ''}`;
    return (
      `<g>${title(`${label}: ${full(value)} ${unit}`)}` +
      text(LABEL - 10, y + 17, 'end', label) +
      `<rect class="bar" x="${LABEL}" y="${y + 4}" width="${fixed(width)}" height="${ROW - 8}"/>` +
      `${text(fixed(LABEL + width + 8), y + 17, 'start', said)}</g>`
    );
  });
  return { width: WIDTH, height: Math.max(1, bars.length) * ROW, body: body.join('') };
}

const largest = (bars: readonly Bar[]): number => Math.max(1, ...bars.map(({ value }) => value));

const title = (said: string): string => `<title>${escapeMarkup(said)}</title>`;

const text = (x: number, y: number, anchor: 'start' | 'middle' | 'end', said: string): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeMarkup(said)}</text>`;

const fixed = (value: number): number => Number(value.toFixed(2));

const full = (value: number): string => value.toLocaleString('en');
const compact = (value: number): string =>
  value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
