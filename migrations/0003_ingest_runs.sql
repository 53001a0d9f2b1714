-- The ledger: a row for every run of the workflow, so that anyone can check that nothing was lost or stored twice.
-- It is opened with a run's first batch, in the same transaction, and closed with the counts that the run's history
-- holds. A run that continues as new leaves a row of its own for each part.
create table ingest_runs (
  run_id       uuid primary key,
  workflow_id  text        not null,
  worker_build text        not null,
  started_at   timestamptz not null,
  finished_at  timestamptz,
  outcome      varchar(32) check (outcome in ('completed', 'continued', 'failed', 'cancelled')),
  received     bigint,
  inserted     bigint,
  duplicates   bigint,
  quarantined  bigint,
  acknowledged bigint,
  batches      bigint,
  check ((finished_at is null) = (outcome is null)),
  check ((finished_at is null) = (received is null))
);

create index ingest_runs_started_at on ingest_runs (started_at);
