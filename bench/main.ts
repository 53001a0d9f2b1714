import { writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { findBento } from './bento.ts';
import { comparisonReport } from './comparison-report.ts';
import { type Measurement, measure } from './measure.ts';
import { seconds, whole } from './number-texts.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { scaleReport } from './scale-report.ts';
import { type Servers, startServers } from './servers.ts';
import { setupText } from './setup-text.ts';
import { type Turn, turnsOf } from './turns.ts';
import { warmSqs } from './warm-servers.ts';

const stopped = new AbortController();

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

async function takeTurns(
  turns: readonly Turn[],
  options: BenchOptions,
  servers: Servers,
): Promise<Measurement[]> {
  const measurements = [];
  for (const turn of turns) {
    const { contestant, round, messages } = turn;
    const context = { servers, options, signal: stopped.signal };
    const measurement = await measure(turn, context);
    measurements.push(measurement);
    say(
      `round ${round}  (${contestant.letter}) ${contestant.name.padEnd(18)} ` +
        `${whole(messages)} messages in ${seconds(measurement.seconds)} s: ` +
        `${whole(measurement.messagesPerSecond)} messages/s`,
    );
    for (const problem of measurement.problems) say(`  WRONG: ${problem}`);
  }
  return measurements;
}

/** @returns whether every contestant stored everything; speed is only reported */
async function bench(options: BenchOptions): Promise<boolean> {
  const bento = options.scale ? undefined : await findBento();
  if (!bento && !options.scale && options.only.includes('d')) {
    say('(d) is left out: there is no `bento` on the PATH (bench/README.md says how to get it).');
  }
  const turns = turnsOf(options, bento !== undefined);
  const directory = join(process.cwd(), '.local', `bench-${process.pid}`);
  const servers = await startServers(options, directory, say);
  try {
    const { handleCharacters } = await warmSqs(servers);
    say(`${await setupText(options, servers, turns, handleCharacters)}\n`);
    const measurements = await Promise.race([takeTurns(turns, options, servers), untilStopped()]);
    say(`\n${options.scale ? scaleReport(measurements) : comparisonReport(measurements)}`);
    if (options.jsonFile !== undefined) {
      await writeFile(options.jsonFile, resultsJson(options, servers, measurements));
    }
    const wrong = measurements.filter(({ problems }) => problems.length > 0);
    if (wrong.length > 0) say(`\nFAILED: ${wrong.length} measurement(s) with lost or doubled rows`);
    return wrong.length === 0;
  } finally {
    await servers.stop();
  }
}

/** Ends remaining processes of contestants. */
function untilStopped(): Promise<never> {
  return new Promise((_, reject) => {
    stopped.signal.addEventListener('abort', () => reject(new Error('stopped')));
  });
}

function resultsJson(
  options: BenchOptions,
  servers: Servers,
  measurements: readonly Measurement[],
): string {
  const machine = {
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: process.platform,
  };
  const sqs = servers.sqs.description;
  return `${JSON.stringify({ at: new Date(), options, machine, sqs, measurements }, null, 2)}\n`;
}

async function main(): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    say(USAGE);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  try {
    return (await bench(options)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

process.exit(await main());
