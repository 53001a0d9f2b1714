-- A message that was erased or discarded from quarantine does not come back: each insert looks for its messages here.
create index quarantine_departures_for_good on quarantine_departures (message_id) where cause <> 'replayed';
drop index quarantine_departures_erased;

-- As login_etl_take_released, which older workers use, but it returns what was taken: a replay stores nothing else.
create function login_etl_take_for_replay(replay uuid, message_ids text[]) returns setof text
language sql security definer as $$
  with taken as (
    delete from quarantine where released_for = replay and message_id = any(message_ids)
    returning message_id, run_id, quarantined_at
  )
  insert into quarantine_departures (message_id, run_id, quarantined_at, cause)
  select message_id, run_id, quarantined_at, 'replayed' from taken
  returning message_id
$$;

do $$
begin
  execute format(
    'alter function login_etl_take_for_replay(uuid, text[]) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;
revoke execute on function login_etl_take_for_replay(uuid, text[]) from public;
grant execute on function login_etl_take_for_replay(uuid, text[]) to login_etl_worker;
