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
  /** Default: Temporal keeps its state in memory. */
  temporalDatabaseFile?: string;
  temporalLogFile?: string;
  /** Starts a Postgres with these settings, for tests that stop it or read its files. Default: the run's Postgres. */
  ownPostgres?: Readonly<Record<string, string>>;
  /** Default: the run's keys. */
  keys?: KeyFiles;
  /** Settings that override those of the stack's worker. */
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
  /** The settings of a worker process. */
  env: Readonly<Record<string, string>>;
  config: WorkerConfig;
  keys: KeyFiles;
  temporal: TemporalServer;
  client: Client;
  /** Undefined without `ownPostgres`. */
  postgres: TestPostgres | undefined;
  /** Of the superuser. */
  pool: Pool;
  /** Of users with one role each; `env` has the worker's. */
  databaseUrls: DatabaseUrls;
  sqs: TestQueue;
  /** Bypasses the proxy that the workers use. */
  queue: Queue;
  send(bodies: Iterable<string>): Promise<string[]>;
  /** Starts a worker in this process. The function that it returns stops it; else it stops with the stack. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<() => Promise<void>>;
  /** Starts a worker process and waits until it is running. It is killed with the stack at the latest. */
  spawnWorker(env?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** Starts a worker process without waiting for it. */
  launchWorker(env: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  start(input?: unknown, options?: RunOptions): Promise<IngestHandle>;
  run(input?: unknown): Promise<Counts>;
  rows(): Promise<LoginRow[]>;
  quarantine(): Promise<QuarantineRow[]>;
  queueDepth(): Promise<QueueDepth>;
  /** Empties the queue and the tables. */
  clear(): Promise<void>;
  stop(): Promise<void>;
};
