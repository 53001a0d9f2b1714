import { readFile } from 'node:fs/promises';

export type DocumentedMetric = { name: string; type: string; labels: string[]; section: string };

/** On all of the SDK's, and said once above its table. */
const ON_ALL = ['namespace', 'service_name'];

/** The rows of the tables in docs/metrics.md. */
export async function documentedMetrics(): Promise<DocumentedMetric[]> {
  const text = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  return text.split(/^## /m).flatMap((part) => {
    const section = part.split('\n', 1)[0] as string;
    return [...part.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*)\|/gm)].map(
      ([, name, type, labels]) => ({
        name: name as string,
        type: type as string,
        labels: [...(labels as string).matchAll(/`(\w+)`/g)].map((match) => match[1] as string),
        section,
      }),
    );
  });
}

/** What Prometheus adds, or says otherwise in the tables, taken off. */
export const ownLabels = (metric: Readonly<Record<string, string>>): string[] =>
  Object.keys(metric).filter(
    (label) => !['__name__', 'instance', 'job', 'le', ...ON_ALL].includes(label),
  );
