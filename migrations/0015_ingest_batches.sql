-- What each batch stored, so that `reconcile` can name the batch whose rows vanish later. It is written in the transaction
-- that stores the batch. The sums add up hashes of message ids (`id-hash.ts`), in any order; ids themselves are kept only
-- of duplicates, which are few.
create table ingest_batches (
  run_id              uuid        not null,
  batch_number        integer     not null,
  -- The second insert of a batch, which quarantines the rows that Postgres refused, has a row of its own.
  of_refused          boolean     not null,
  stored_at           timestamptz not null default now(),
  inserted            integer     not null,
  inserted_ids_sum    numeric     not null,
  quarantined         integer     not null,
  quarantined_ids_sum numeric     not null,
  -- Messages that another batch had stored before, with their create_date.
  duplicate_ids       text[]      not null,
  duplicate_dates     date[]      not null,
  primary key (run_id, batch_number, of_refused)
);

grant select, insert, update on ingest_batches to login_etl_worker;
grant select on ingest_batches to login_etl_custodian;
