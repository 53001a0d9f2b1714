import type { Command } from 'commander';
import {
  INGEST_SETTINGS,
  type IngestInput,
  InvalidIngestInput,
  parseIngestInput,
} from '../../domain/ingest-input.ts';
import { UsageProblem } from './usage-problem.ts';
import { wholeNumber } from './whole-number.ts';

export type IngestOptions = { input?: string } & Partial<IngestInput>;

const addInputOption = (command: Command): Command =>
  command.option('--input <json>', `any of ${Object.keys(INGEST_SETTINGS).join(', ')}, as JSON`);

export function addIngestOptions(command: Command): Command {
  const { lanes, batchSize, maxMessages, maxBatchBytes, shards } = INGEST_SETTINGS;
  return addInputOption(command)
    .option(
      '--lanes <number>',
      `receive loops at the same time (default: ${lanes.default})`,
      wholeNumber(lanes.min, lanes.max),
    )
    .option(
      '--batch-size <number>',
      `messages per batch (default: ${batchSize.default})`,
      wholeNumber(batchSize.min, batchSize.max),
    )
    .option(
      '--max-messages <number>',
      'messages per run (default: all)',
      wholeNumber(maxMessages.min, maxMessages.max),
    )
    .option(
      '--max-batch-bytes <number>',
      `bytes per batch (default: ${maxBatchBytes.default})`,
      wholeNumber(maxBatchBytes.min, maxBatchBytes.max),
    )
    .option(
      '--shards <number>',
      `child workflows that share the run (default: ${shards.default})`,
      wholeNumber(shards.min, shards.max),
    );
}

/** The inputs that were given, checked as the workflow checks them; undefined for none. */
export function readIngestInput(options: IngestOptions): Partial<IngestInput> | undefined {
  const input: Record<string, unknown> = { ...parseJson(options.input) };
  for (const name of Object.keys(INGEST_SETTINGS) as (keyof IngestInput)[]) {
    if (options[name] !== undefined) input[name] = options[name];
  }
  try {
    parseIngestInput(input);
  } catch (error) {
    if (!(error instanceof InvalidIngestInput)) throw error;
    throw badInput(error.message);
  }
  return Object.keys(input).length > 0 ? (input as Partial<IngestInput>) : undefined;
}

function parseJson(text: string | undefined): object {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badInput('--input is not JSON');
  }
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value;
  throw badInput('--input is not a JSON object');
}

const badInput = (why: string) =>
  new UsageProblem(
    'the input is not valid',
    why,
    `Give any of ${Object.keys(INGEST_SETTINGS).join(', ')}, such as --input '{"maxMessages": 100}'.`,
  );
