import { parseArgs } from 'node:util';
import type { IngestInput } from '../src/domain/ingest-input.ts';
import { type Delays, FAR_SERVERS } from './delays.ts';

export type SqsChoice =
  /** `stock`: the unmodified emulator, in which a longer queue makes receives slower. */
  | { kind: 'fauxqs'; stock: boolean }
  | { kind: 'elasticmq' }
  | { kind: 'endpoint'; endpoint: string };

export const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
export type Letter = (typeof LETTERS)[number];

export type BenchOptions = {
  messages: number;
  /** Fewer for the per-record contestant, which takes a hundred times as long. */
  perRecordMessages: number;
  rounds: number;
  sqs: SqsChoice;
  /** No device or address is repeated: the worst case for the vault. */
  allNew: boolean;
  /** Characters of a receipt handle; 0: the emulator's own. */
  handleBytes: number;
  only: readonly Letter[];
  /** (e) is measured with each of these numbers of worker processes. */
  workers: readonly number[];
  delays: Delays;
  ceilingLoops: number;
  /** Handled by each process before the clock starts; in a comparison no more than are timed. */
  warmMessages: number;
  /** Input of the `ingestLogins` workflow. */
  input: Partial<IngestInput>;
  jsonFile: string | undefined;
  /** If given, only the job runs, once per size. */
  scale: readonly number[] | undefined;
  help: boolean;
};

/** The result of a short search, as `bento.yaml`. */
const INPUT = { lanes: 2, shards: 2, batchSize: 6_000, maxBatchBytes: 3_200_000 } as const;

export const USAGE = `Compares contestants on one SQS endpoint and one Postgres:

  (a) receive-delete      receives and deletes only, with the AWS SDK's client: the ceiling
  (b) per-record          one connection per row and one delete per message
  (c) sqs-consumer        npm sqs-consumer, eight consumers, one insert per ten messages
  (d) bento               Bento, if \`bento\` is on the PATH
  (e) login-etl           the whole job
  (f) receive-delete-raw  as (a), with the job's own signed calls instead of the SDK's

  npm run bench -- --messages 40000
  npm run bench -- --scale 10000,100000

  --messages N             messages per round and contestant (default 40000)
  --per-record-messages N  the same for (b) (default 500)
  --rounds N               interleaved rounds (default 3; with --scale 1)
  --only a,c,e             only these contestants (default: all)
  --workers 1,2,3          (e) with each of these numbers of worker processes (default 1)
  --delay sqs=5,postgres=1 milliseconds one way between every contestant and these servers
  --sqs NAME               SQS emulator to start: fauxqs (default), fauxqs-stock (unpatched)
                           or elasticmq (needs its jars in ELASTICMQ_CLASSPATH)
  --endpoint URL           a running SQS endpoint
  --handle-bytes N         length of a receipt handle (default 400, as on AWS; 0: the emulator's own)
  --all-new                every login has a new device and address (default: as many as in samples/)
  --ceiling-loops N        concurrent loops of (a) and (f) (default 32)
  --warm-up N              messages that each process handles before the clock starts
                           (default 10000; with --scale 100000, whatever the size)
  --input JSON             workflow input of (e) (default '{}' with --scale, else
                           '${JSON.stringify(INPUT)}')
  --scale N,N,…            only (e), once for each of these numbers of messages
  --json FILE              writes every measurement as JSON
`;

/** @throws TypeError naming the unknown or invalid option */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: 'string', default: '40000' },
      'per-record-messages': { type: 'string', default: '500' },
      rounds: { type: 'string' },
      only: { type: 'string', default: LETTERS.join() },
      workers: { type: 'string', default: '1' },
      delay: { type: 'string', default: '' },
      sqs: { type: 'string', default: 'fauxqs' },
      endpoint: { type: 'string' },
      'handle-bytes': { type: 'string', default: '400' },
      'all-new': { type: 'boolean', default: false },
      'ceiling-loops': { type: 'string', default: '32' },
      'warm-up': { type: 'string' },
      input: { type: 'string' },
      scale: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const scale = values.scale?.split(',').map((size) => wholeNumber('scale', size, 1));
  return {
    messages: wholeNumber('messages', values.messages, 1),
    perRecordMessages: wholeNumber('per-record-messages', values['per-record-messages'], 1),
    rounds: wholeNumber('rounds', values.rounds ?? (scale ? '1' : '3'), 1),
    sqs: sqsChoice(values.sqs, values.endpoint),
    handleBytes: wholeNumber('handle-bytes', values['handle-bytes'], 0),
    only: letters(values.only),
    workers: values.workers.split(',').map((count) => wholeNumber('workers', count, 1)),
    delays: parseDelays(values.delay),
    allNew: values['all-new'],
    ceilingLoops: wholeNumber('ceiling-loops', values['ceiling-loops'], 1),
    warmMessages: wholeNumber('warm-up', values['warm-up'] ?? (scale ? '100000' : '10000'), 1),
    input: values.input === undefined ? defaultInput(scale) : workflowInput(values.input),
    jsonFile: values.json,
    scale,
    help: values.help,
  };
}

function wholeNumber(name: string, text: string, min: number): number {
  const number = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(number) && number >= min) return number;
  throw new TypeError(`--${name} takes whole numbers from ${min} on`);
}

function letters(text: string): Letter[] {
  const chosen = text.split(',').map((letter) => letter.trim());
  const known = LETTERS.filter((letter) => chosen.includes(letter));
  if (known.length === 0 || known.length < new Set(chosen).size) {
    throw new TypeError(`--only takes letters out of ${LETTERS.join(', ')}`);
  }
  return known;
}

function parseDelays(text: string): Delays {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [server = '', delayMs = ''] = pair.split('=');
      const known = FAR_SERVERS.find((name) => name === server);
      if (!known) throw new TypeError(`--delay takes ${FAR_SERVERS.join('=N, ')}=N`);
      return [known, wholeNumber('delay', delayMs, 0)];
    }),
  );
}

function sqsChoice(kind: string, endpoint: string | undefined): SqsChoice {
  if (endpoint !== undefined) {
    if (!URL.canParse(endpoint)) throw new TypeError('--endpoint takes a URL');
    return { kind: 'endpoint', endpoint };
  }
  if (kind === 'elasticmq') return { kind };
  if (kind === 'fauxqs' || kind === 'fauxqs-stock') {
    return { kind: 'fauxqs', stock: kind === 'fauxqs-stock' };
  }
  throw new TypeError('--sqs takes fauxqs, fauxqs-stock or elasticmq');
}

/** With --scale the workflow gets its default input. */
const defaultInput = (scale: readonly number[] | undefined) => (scale ? {} : INPUT);

function workflowInput(json: string): Partial<IngestInput> {
  try {
    return JSON.parse(json) as Partial<IngestInput>;
  } catch {
    throw new TypeError('--input takes JSON, such as {"lanes":4}');
  }
}
