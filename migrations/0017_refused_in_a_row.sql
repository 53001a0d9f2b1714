-- How many messages of other batches went to quarantine for this reason since a batch last stored a row: a table
-- that refuses every row is noticed on a queue of small batches, too. It counts a day's, and tells the worker no more than
-- the view quarantine_reasons does.
create function login_etl_refused_in_a_row(for_reason text, run uuid, batch integer) returns integer
language sql stable security definer as $$
  select count(*)::integer from quarantine
  where reason = for_reason and not (run_id = run and batch_number = batch)
    and quarantined_at > greatest(
      now() - interval '1 day', (select max(stored_at) from ingest_batches where inserted > 0)
    )
    and not exists (
      select from ingest_batches as stored
      where stored.run_id = quarantine.run_id and stored.batch_number = quarantine.batch_number and stored.inserted > 0
    )
$$;

do $$
begin
  execute format(
    'alter function login_etl_refused_in_a_row(text, uuid, integer) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
end
$$;

revoke execute on function login_etl_refused_in_a_row(text, uuid, integer) from public;
grant execute on function login_etl_refused_in_a_row(text, uuid, integer) to login_etl_worker;

create index ingest_batches_that_inserted on ingest_batches (stored_at) where inserted > 0;
