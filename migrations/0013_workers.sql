-- Which workers are alive, and with which keys. Each worker writes its row every few seconds.
create table workers (
  worker_id       uuid        primary key,
  identity        text        not null check (identity collate "C" ~ '^[ -~]{1,255}$'),
  task_queue      text        not null check (task_queue collate "C" ~ '^[ -~]{1,255}$'),
  build           text        not null check (build collate "C" ~ '^[ -~]{1,100}$'),
  mask_key_id     text        not null check (mask_key_id collate "C" ~ '^[A-Za-z0-9._-]{1,64}$'),
  payload_key_ids text[]      not null check (
    cardinality(payload_key_ids) between 1 and 1000
    and array_to_string(payload_key_ids, ' ', '?') collate "C" ~ '^[A-Za-z0-9._ -]*$'
  ),
  started_at      timestamptz not null default now(),
  seen_at         timestamptz not null default now(),
  stopped_at      timestamptz
);

comment on column workers.identity is 'process and host, as Temporal shows the worker';
comment on column workers.mask_key_id is 'the key that it masks with';
comment on column workers.payload_key_ids is 'the payload keys that it holds, the active one first';

grant select, insert, update (seen_at, stopped_at), delete on workers to login_etl_worker;
grant select on workers to login_etl_custodian;
