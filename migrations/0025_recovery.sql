-- What a batch's insert counted as duplicates: null for batches of builds up to 0.3.0. `login-etl recover` adds up a run's
-- counts from its batches.
alter table ingest_batches add column duplicates integer;

-- A recovery inserts again what a restore has undone. It begins with the audit record of a custodian's request. The worker
-- may not read the audit log, so it asks these functions.
create index audit_log_recoveries on audit_log ((detail ->> 'requestId'))
  where action in ('recovery.request', 'recovery.end');

create function login_etl_recovery(request text) returns table (since timestamptz, reason text, ended boolean)
language sql stable security definer as $$
  select (detail ->> 'since')::timestamptz, reason, exists (
    select from audit_log as done
    where done.action = 'recovery.end' and done.detail ->> 'requestId' = request
  )
  from audit_log where action = 'recovery.request' and detail ->> 'requestId' = request limit 1
$$;

-- As login_etl_take_for_replay, for a replay that is done again: what its custodian released then may no longer be marked so.
create function login_etl_take_for_recovery(request text, message_ids text[]) returns setof text
language sql security definer as $$
  with taken as (
    delete from quarantine
    where message_id = any(message_ids) and exists (select from login_etl_recovery(request) where not ended)
    returning message_id, run_id, quarantined_at
  )
  insert into quarantine_departures (message_id, run_id, quarantined_at, cause)
  select message_id, run_id, quarantined_at, 'replayed' from taken
  returning message_id
$$;

create function login_etl_end_recovery(request text, counts jsonb) returns void
language sql security definer as $$
  insert into audit_log (action, reason, detail)
  select 'recovery.end', reason, counts || jsonb_build_object('requestId', request)
  from login_etl_recovery(request) where not ended
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'login_etl_recovery(text)', 'login_etl_take_for_recovery(text, text[])', 'login_etl_end_recovery(text, jsonb)'
  ] loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
    execute format('revoke execute on function %s from public', name);
    execute format('grant execute on function %s to login_etl_worker', name);
  end loop;
end
$$;
