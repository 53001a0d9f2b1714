-- Retention: months that are closed, add up in the ledger and are in a backup leave user_logins. Only the custodian's role
-- may call these functions, each call leaves an audit record, and they check what no setting may change.
create table retired_months (
  -- A month has several when messages of it came out of quarantine after it was detached.
  table_name       text        primary key,
  month            date        not null check (extract(day from month) = 1),
  rows             bigint      not null,
  last_inserted_at timestamptz,
  prepared_at      timestamptz not null default now(),
  backup           text,
  detached_at      timestamptz,
  -- When the originals that no other row needs had left the vault.
  originals_at     timestamptz,
  dropped_at       timestamptz
);
create unique index retired_months_prepared on retired_months (month) where detached_at is null;
create index retired_months_month on retired_months (month);

-- The rows of each batch that left with a month, so that reconcile still adds up.
create table retired_batches (
  table_name   text    not null,
  run_id       uuid    not null,
  batch_number integer not null,
  rows         integer not null,
  ids_sum      numeric not null,
  primary key (run_id, batch_number, table_name)
);

-- Originals of a detached month that no row needs: filled again for each month.
create table retiring_originals (
  masked_value bytea       not null,
  field        varchar(16) not null,
  primary key (masked_value, field)
);

grant select on retired_months, retired_batches to login_etl_worker, login_etl_custodian;
grant update (originals_at) on retired_months to login_etl_custodian;
grant select, insert, delete, truncate on retiring_originals to login_etl_custodian;

-- SQS keeps a message for 14 days at most, and create_date is the day it was sent: later, no message of a month can come.
create function login_etl_require_closed(which date) returns void
language plpgsql stable security definer as $$
begin
  if which is null or which <> date_trunc('month', which)
    or (which + interval '1 month' + interval '15 days')::date > current_date then
    raise exception 'month % is not closed', which using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- Tables are named with their schema: one that is missing there could be a temporary table of the caller.
-- Reads the month once, before it is locked: what its batches stored, and when the last row came.
create function login_etl_prepare_month(which date) returns void
language plpgsql security definer as $$
declare
  part text := format('user_logins_%s', to_char(which, 'YYYY_MM'));
  name text := part || '_detached';
begin
  perform login_etl_require_closed(which);
  select coalesce(
    min(table_name) filter (where detached_at is null),
    name || case when count(*) > 0 then '_' || count(*) + 1 else '' end
  ) into name from retired_months where month = which;
  execute format(
    'insert into retired_months (table_name, month, rows, last_inserted_at) select $1, $2, count(*), max(inserted_at) from %I.%I '
    'on conflict (table_name) do update set rows = excluded.rows, last_inserted_at = excluded.last_inserted_at, '
    'prepared_at = now()', current_schema(), part
  ) using name, which;
  delete from retired_batches where table_name = name;
  execute format(
    'insert into retired_batches (table_name, run_id, batch_number, rows, ids_sum) '
    'select $1, run_id, batch_number, count(*), '
    'sum(hashtextextended(message_id collate "C", create_date - date ''2000-01-01'')) from %I.%I '
    'group by run_id, batch_number', current_schema(), part
  ) using name;
end
$$;

-- The table stays, with another name and readable by custodians alone, until it is dropped.
create function login_etl_detach_month(which date, of_backup text) returns bigint
language plpgsql security definer as $$
declare
  name     text := format('user_logins_%s', to_char(which, 'YYYY_MM'));
  prepared retired_months;
begin
  perform login_etl_require_closed(which);
  select * into prepared from retired_months where month = which and detached_at is null for update;
  if prepared.prepared_at is null or prepared.prepared_at < now() - interval '1 day' then
    raise exception 'month % is not prepared', which using errcode = 'object_not_in_prerequisite_state';
  end if;
  if not exists (
    select from backups where label = of_backup and started_at >= which + interval '1 month'
      and started_at > coalesce(prepared.last_inserted_at, '-infinity')
  ) then
    raise exception 'month % is not in that backup', which using errcode = 'object_not_in_prerequisite_state';
  end if;
  lock table login_etl_migrations in share row exclusive mode;
  -- In this order, as in 0022. A batch that comes later sees that the month has left, and stores none of its messages.
  lock table login_etl_insert_lock in share row exclusive mode;
  lock table only user_logins in access exclusive mode;
  lock table user_logins_default in access exclusive mode;
  execute format('alter table user_logins detach partition %I.%I', current_schema(), name);
  execute format('alter table %I.%I rename to %I', current_schema(), name, prepared.table_name);
  execute format('grant select on %I.%I to login_etl_custodian', current_schema(), prepared.table_name);
  update retired_months set backup = of_backup, detached_at = clock_timestamp() where table_name = prepared.table_name;
  insert into audit_log (action, reason, detail) values (
    'month-detach', 'retention', jsonb_build_object('month', which, 'table', prepared.table_name, 'rows', prepared.rows, 'backup', of_backup)
  );
  return prepared.rows;
end
$$;

create function login_etl_drop_month(which text, kept_days integer) returns bigint
language plpgsql security definer as $$
declare
  retired retired_months;
begin
  select * into retired from retired_months where table_name = which for update;
  if retired.detached_at is null or retired.dropped_at is not null or retired.originals_at is null
    or retired.detached_at > now() - make_interval(days => greatest(kept_days, 1)) then
    raise exception 'table % stays', which using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('drop table %I.%I', current_schema(), retired.table_name);
  update retired_months set dropped_at = clock_timestamp() where table_name = which;
  insert into audit_log (action, reason, detail) values (
    'month-drop', 'retention', jsonb_build_object(
      'month', retired.month, 'table', which, 'rows', retired.rows, 'detachedAt', retired.detached_at
    )
  );
  return retired.rows;
end
$$;

-- Runs that began before then leave the ledger, in slices, but for that of an adoption: it is dated by the first of its rows, and
-- the others are in the table for longer. @returns how many
create function login_etl_prune_ledger(before timestamptz, most integer) returns bigint
language plpgsql security definer as $$
declare
  ids uuid[];
begin
  if before > now() - interval '60 days' then
    raise exception 'the ledger keeps 60 days' using errcode = 'invalid_parameter_value';
  end if;
  select array_agg(run_id) into ids from (
    select run_id from ingest_runs
    where started_at < before and (finished_at is not null or started_at < now() - interval '60 days')
      and run_id <> '00000000-0000-0000-0000-000000000000'
    order by started_at limit least(most, 10000)
  ) as old;
  delete from ingest_batches where run_id = any(ids);
  delete from retired_batches where run_id = any(ids);
  delete from ingest_runs where run_id = any(ids);
  return coalesce(cardinality(ids), 0);
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'login_etl_require_closed(date)', 'login_etl_prepare_month(date)', 'login_etl_detach_month(date, text)',
    'login_etl_drop_month(text, integer)', 'login_etl_prune_ledger(timestamptz, integer)'
  ] loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
    execute format($f$alter function %s set lock_timeout = '300ms'$f$, name);
    execute format('revoke execute on function %s from public', name);
    execute format('grant execute on function %s to login_etl_custodian', name);
  end loop;
end
$$;
