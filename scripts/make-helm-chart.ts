import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { VERSION } from '../src/build-info.ts';
import { chartReadme } from './helm-chart/chart-readme.ts';
import { settingsFile } from './helm-chart/chart-settings.ts';
import { CHART } from './helm-chart/values-file.ts';
import { valuesSchema } from './helm-chart/values-schema.ts';
import { writeOrCheck } from './write-or-check.ts';

// A program that generates what the chart has from elsewhere: settings, schema, README, alerts, dashboard, version.
const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));
const inChart = (path: string): string => fileURLToPath(new URL(path, CHART));

/** Helm reads no file outside of the chart's folder. */
const copies = ['prometheus/rules/*.yml', 'grafana/dashboards/*.json'].flatMap((pattern) =>
  globSync(pattern, { cwd: DEPLOY }),
);

await writeOrCheck(inChart('files/settings.json'), settingsFile);
await writeOrCheck(inChart('values.schema.json'), valuesSchema);
await writeOrCheck(inChart('README.md'), chartReadme);
await writeOrCheck(inChart('Chart.yaml'), (present) =>
  present.replace(/^(version|appVersion): .*$/gm, `$1: ${VERSION}`),
);
for (const path of copies) {
  const folder = path.startsWith('prometheus') ? 'rules' : 'dashboards';
  await writeOrCheck(inChart(`files/${folder}/${basename(path)}`), () =>
    readFileSync(`${DEPLOY}${path}`, 'utf8'),
  );
}
