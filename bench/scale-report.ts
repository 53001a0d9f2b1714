import type { Measurement } from './measure.ts';
import { mebibytes, spreadText, times, whole } from './number-texts.ts';
import { plainTable } from './plain-table.ts';
import { spread } from './statistics.ts';

/** Reports only the job, with several sizes of the backlog. */
export function scaleReport(measurements: readonly Measurement[]): string {
  const bySize = [...Map.groupBy(measurements, ({ messages }) => messages)];
  const medianRate = (all: readonly Measurement[]) =>
    spread(all.map(({ messagesPerSecond }) => messagesPerSecond));
  const first = medianRate(bySize[0]?.[1] ?? []).median;
  return plainTable(
    [
      ...['messages', 'messages/s', 'to the first', 'peak memory', 'runs'],
      ...['most events of a run', 'largest run', 'history a message'],
    ],
    bySize.map(([messages, all]) => {
      const uses = all.flatMap(({ history }) => (history ? [history] : []));
      const most = (of: (use: (typeof uses)[number]) => number) => Math.max(...uses.map(of));
      return [
        whole(messages),
        spreadText(medianRate(all), whole),
        times(medianRate(all).median / first),
        mebibytes(Math.max(...all.map(({ peakMemoryBytes }) => peakMemoryBytes))),
        whole(most(({ runs }) => runs)),
        whole(most(({ mostEventsOfARun }) => mostEventsOfARun)),
        mebibytes(most(({ largestRunBytes }) => largestRunBytes)),
        `${whole(most(({ bytes }) => bytes) / messages)} bytes`,
      ];
    }),
  );
}
