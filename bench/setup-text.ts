import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { postgresFacts } from './bench-database.ts';
import { mebibytes, whole } from './number-texts.ts';
import type { BenchOptions } from './options.ts';
import type { Servers } from './servers.ts';
import type { Turn } from './turns.ts';

/** The parameters and the machine, which the figures below depend on. */
export async function setupText(
  options: BenchOptions,
  servers: Servers,
  turns: readonly Turn[],
  handleCharacters: number,
): Promise<string> {
  const inARound = turns.filter(({ round }) => round === 1);
  const order = options.scale
    ? `(e) at ${options.scale.map(whole).join(', ')} messages`
    : inARound
        .map(({ contestant, messages }) => `${contestant.letter} ${whole(messages)}`)
        .join(', ');
  return [
    `${options.rounds} round(s), interleaved: ${order}`,
    `Each with a new process, queue and database; warmed up with ${whole(options.warmMessages)} messages; then filled, then timed.`,
    '',
    `  machine   ${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}, ${mebibytes(totalmem())}, ` +
      `${platform()} ${arch()}, Node ${process.version}`,
    `  SQS       ${servers.sqs.description}`,
    `            receipt handles of ${handleCharacters} characters`,
    ...Object.entries(options.delays).map(
      ([server, delayMs]) =>
        `  network   ${delayMs} ms one way before ${server}, for every contestant`,
    ),
    `  logins    ${options.allNew ? 'each of a new device and a new address' : 'of 60 devices and 55 addresses in 100, as in samples/'}`,
    `  Postgres  ${await postgresFacts(servers.postgres)}`,
    '  Temporal  dev server with a database file',
    `  (a), (f)  ${options.ceilingLoops} loops of receive ten, delete ten`,
    `  (e)       input ${JSON.stringify(options.input)}`,
  ].join('\n');
}
