-- As in 0029, and the run of an adoption stays: it is dated by the first of its rows, and the others are in the table for longer.
create or replace function login_etl_prune_ledger(before timestamptz, most integer) returns bigint
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
begin
  execute format('alter function login_etl_prune_ledger(timestamptz, integer) set search_path = %I, pg_temp', current_schema());
  alter function login_etl_prune_ledger(timestamptz, integer) set lock_timeout = '300ms';
end
$$;
