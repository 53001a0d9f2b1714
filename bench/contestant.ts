import type { Queue } from '../src/queue/open-queue.ts';
import type { TableKind } from './bench-database.ts';
import type { BenchOptions, Letter } from './options.ts';
import type { Servers } from './servers.ts';

/** A contestant's input for a round: an empty queue and an empty database. */
export type Round = {
  /** Of queue, database and log file. */
  name: string;
  servers: Servers;
  queue: Queue;
  environment: NodeJS.ProcessEnv;
  options: BenchOptions;
  /** Worker processes of (e). */
  workers: number;
  /** Messages handled before the clock starts. */
  warmMessages: number;
  signal: AbortSignal;
};

export type HistoryUse = {
  runs: number;
  /** The sum over all runs of the chain. */
  bytes: number;
  largestRunBytes: number;
  mostEventsOfARun: number;
  batches: number;
  /** The time from the last delete, which stops the clock, to the workflow's result: the empty long poll. */
  resultSecondsLater: number;
};

/** A contestant whose processes are up and connected. */
export type Running = {
  pids: readonly number[];
  /** Handles this many messages of the queue, then waits. */
  warmUp(): Promise<void>;
  /** Drains the queue. Resolves when its last message is stored and deleted. */
  drain(): Promise<void>;
  /** Problems of the last drain. */
  problems(messages: number): string[];
  history(): Promise<HistoryUse | undefined>;
  stop(): Promise<void>;
};

export type Contestant = {
  letter: Letter;
  name: string;
  table: TableKind;
  open(round: Round): Promise<Running>;
};
