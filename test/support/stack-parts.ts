import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Pool } from 'pg';
import type { KeyFiles } from '../../src/crypto/keys/generate-keys.ts';
import type { Counts } from '../../src/domain/counts.ts';
import type { DatabaseUrls } from '../../src/local/postgres/database-users.ts';
import type { TemporalServer } from '../../src/local/temporal/temporal-server.ts';
import type { Queue } from '../../src/queue/open-queue.ts';
import type { WorkerConfig } from '../../src/worker.ts';
import type { TestPostgres } from './servers/test-postgres.ts';
import type { QueueDepth, QueueOptions, TestQueue } from './servers/test-queue.ts';
import type { WorkerProcess } from './worker-process.ts';

export type StackOptions = QueueOptions & {
  /** Left out: Temporal keeps its state in memory. */
  temporalDatabaseFile?: string;
  temporalLogFile?: string;
  /** A Postgres of its own, for tests that stop it or look into its files. */
  ownPostgres?: Readonly<Record<string, string>>;
  /** Keys of another stack, or fixed ones. */
  keys?: KeyFiles;
  /** Settings of the worker, over those of the stack. */
  env?: Readonly<Record<string, string>>;
};

export type LoginRow = {
  user_id: string;
  device_type: string;
  masked_ip: string;
  masked_device_id: string;
  locale: string | null;
  app_version: string;
  create_date: Date;
  message_id: string;
  mask_key_id: string;
  sent_at: Date;
};

export type QuarantineRow = {
  message_id: string;
  reason: string;
  sealed_body: Buffer;
  vault_key_id: string;
};

export type IngestHandle = WorkflowHandleWithFirstExecutionRunId<() => Promise<Counts>>;

export type RunOptions = { workflowId?: string; cronSchedule?: string };

export type Stack = {
  /** What a worker process is given. */
  env: Readonly<Record<string, string>>;
  config: WorkerConfig;
  keys: KeyFiles;
  temporal: TemporalServer;
  client: Client;
  /** Only with `ownPostgres`. */
  postgres: TestPostgres | undefined;
  /** The superuser's. */
  pool: Pool;
  /** Of users that have one role each; the workers have the worker's. */
  databaseUrls: DatabaseUrls;
  sqs: TestQueue;
  /** Past the proxy that the workers go through. */
  queue: Queue;
  send(bodies: Iterable<string>): Promise<string[]>;
  /** In this process; stopped with the stack, or by the function it returns. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<() => Promise<void>>;
  /** A process of its own, running; killed with the stack at the latest. */
  spawnWorker(env?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** The same, not waited for. */
  launchWorker(env: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  start(input?: unknown, options?: RunOptions): Promise<IngestHandle>;
  run(input?: unknown): Promise<Counts>;
  rows(): Promise<LoginRow[]>;
  quarantine(): Promise<QuarantineRow[]>;
  queueDepth(): Promise<QueueDepth>;
  /** An empty queue and empty tables. */
  clear(): Promise<void>;
  stop(): Promise<void>;
};
