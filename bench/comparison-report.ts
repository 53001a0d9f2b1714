import type { Measurement } from './measure.ts';
import { mebibytes, seconds, spreadText, times, whole } from './number-texts.ts';
import { plainTable } from './plain-table.ts';
import { spread } from './statistics.ts';
import { historyBytesAMessage, ratioOfRates, targets } from './targets.ts';

/** The report shows processor time per this many messages. */
const PER_MESSAGES = 100_000;

export function comparisonReport(measurements: readonly Measurement[]): string {
  const byName = [...Map.groupBy(measurements, ({ letter, name }) => `(${letter}) ${name}`)];
  return [
    'Throughput: median of the rounds (lowest–highest); ratios are of the same round',
    plainTable(
      ['', 'messages', 'messages/s', 'ratio to (a)'],
      byName.map(([name, all]) => [name, ...throughputCells(all, measurements)]),
    ),
    '',
    `CPU seconds per ${whole(PER_MESSAGES)} messages, medians; peak memory of the contestant's own process`,
    plainTable(
      ['', ...PROCESSES.map(({ title }) => title), 'all', 'peak memory'],
      byName.map(([name, all]) => [name, ...costCells(all)]),
    ),
    ...historyLines(measurements),
    ...workerLines(measurements),
    '',
    ...targetLines(measurements),
  ].join('\n');
}

const PROCESSES = [
  { key: 'worker', title: 'contestant' },
  { key: 'SQS', title: 'SQS' },
  { key: 'Postgres', title: 'Postgres' },
  { key: 'Temporal', title: 'Temporal' },
  { key: 'bench', title: 'bench' },
] as const;

function throughputCells(all: readonly Measurement[], measurements: readonly Measurement[]) {
  const ratio = ratioOfRates(all, ({ letter }) => letter === 'a', measurements);
  return [
    whole(all[0]?.messages ?? 0),
    spreadText(spread(all.map(({ messagesPerSecond }) => messagesPerSecond)), whole),
    ratio ? spreadText(ratio, times) : '–',
  ];
}

function costCells(all: readonly Measurement[]): string[] {
  const medianPer = (secondsOf: (measurement: Measurement) => number | undefined): string => {
    const values = all.flatMap((measurement) => {
      const used = secondsOf(measurement);
      return used === undefined ? [] : [(used / measurement.messages) * PER_MESSAGES];
    });
    return values.length > 0 ? seconds(spread(values).median) : '–';
  };
  return [
    ...PROCESSES.map(({ key }) => medianPer(({ cpuSeconds }) => cpuSeconds[key])),
    medianPer(({ cpuSeconds }) => Object.values(cpuSeconds).reduce((sum, used) => sum + used, 0)),
    mebibytes(Math.max(...all.map(({ peakMemoryBytes }) => peakMemoryBytes))),
  ];
}

function historyLines(measurements: readonly Measurement[]): string[] {
  const [first] = measurements.filter(({ letter }) => letter === 'e');
  const job = measurements.filter(({ name }) => name === first?.name);
  const bytes = historyBytesAMessage(job);
  const uses = job.flatMap(({ history }) => (history ? [history] : []));
  if (!bytes) return [];
  const batches = spread(uses.map((use) => use.batches));
  const runs = spread(uses.map((use) => use.runs));
  const later = spread(uses.map((use) => use.resultSecondsLater));
  return [
    '',
    `Workflow history of (e): ${spreadText(bytes, whole)} bytes a message, ` +
      `${spreadText(batches, whole)} batches in ${spreadText(runs, whole)} run(s); ` +
      `its result ${spreadText(later, seconds)} s after the last delete`,
  ];
}

/** Ratios to the first number of workers, of the same round. */
function workerLines(measurements: readonly Measurement[]): string[] {
  const job = measurements.filter(({ letter }) => letter === 'e');
  const [[fewest] = [], ...more] = [...Map.groupBy(job, ({ workers }) => workers)];
  return more.flatMap(([workers, all]) => {
    const ratio = ratioOfRates(all, (other) => other.name === job[0]?.name, job);
    const bytes = historyBytesAMessage(all);
    if (!ratio || !bytes) return [];
    return [
      `${workers} workers: ${spreadText(ratio, times)} × the rate of ${fewest}, ` +
        `${spreadText(bytes, whole)} bytes of history a message`,
    ];
  });
}

function targetLines(measurements: readonly Measurement[]): string[] {
  const all = targets(measurements);
  if (all.length === 0) return [];
  return [
    'Targets',
    plainTable(
      ['', 'measured', ''],
      all.map(({ text, measured, met }) => [text, measured, met ? 'met' : 'NOT MET']),
    ),
  ];
}
