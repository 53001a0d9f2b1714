import { createHash } from 'node:crypto';
import type { Stats } from '../../postgres/logins/read-stats.ts';
import { charts, remarks } from './charts.ts';
import { escapeMarkup } from './escape-markup.ts';
import { svgChart } from './svg-charts.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p, footer { opacity: .75; }
svg { width: 100%; height: auto; overflow: visible; }
text { font-size: 13px; fill: currentColor; }
.bar { fill: #3b7dd8; }
.base { stroke: currentColor; stroke-opacity: .4; }
`;

/** Allows only the page's own style: no script, no resources, no forms, whatever a value contains. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** One self-contained page. */
export function htmlPage(stats: Stats, madeAt: Date): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeMarkup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Logins since ${escapeMarkup(stats.since)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Logins since ${escapeMarkup(stats.since)}</h1>
${remarks(stats)
  .map((line) => `<p>${escapeMarkup(line)}</p>`)
  .join('\n')}
${charts(stats)
  .map(
    (chart) =>
      `<section>\n<h2>${escapeMarkup(chart.title)}</h2>\n${chart.bars.length > 0 ? svgChart(chart) : '<p>none</p>'}\n</section>`,
  )
  .join('\n')}
<footer>Made by login-etl at ${madeAt.toISOString()}. Addresses and devices are masked values, shortened.</footer>
</body>
</html>
`;
}
