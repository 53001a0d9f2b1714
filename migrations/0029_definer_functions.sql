-- Between moves there is no user_logins_moving in the schema, so the name could mean a temporary table of the caller, whose
-- triggers would run with the owner's rights. Otherwise as in 0022.
create or replace function login_etl_apply_changes(most integer) returns bigint
language plpgsql security definer as $$
declare
  columns constant text := login_etl_partition_columns();
  dates date[];
  ids   text[];
begin
  perform from partition_move for update;
  if not found then
    raise exception 'no move is under way' using errcode = 'object_not_in_prerequisite_state';
  end if;
  with taken as (
    delete from partition_move_changes where number in (
      select number from partition_move_changes order by number limit most
    ) returning create_date, message_id
  )
  select array_agg(create_date), array_agg(message_id) into dates, ids from taken;
  execute format(
    'delete from %I.user_logins_moving as copy using unnest($1, $2) as changed (create_date, message_id) '
    'where copy.create_date = changed.create_date and copy.message_id = changed.message_id', current_schema()
  ) using dates, ids;
  execute format(
    'insert into %2$I.user_logins_moving (%1$s) overriding system value select %1$s from user_logins_default '
    'where (create_date, message_id) in (select * from unnest($1, $2)) '
    'on conflict (create_date, message_id) do nothing', columns, current_schema()
  ) using dates, ids;
  return coalesce(cardinality(dates), 0);
end
$$;

-- As in 0024, with the lock that the audit record takes anyway: any login of the database may take an advisory lock.
create or replace function login_etl_record_lookup(
  caller text, value bytea, values_per_day integer, reason text, detail jsonb
) returns text
language plpgsql security definer as $$
declare
  today   date := (now() at time zone 'utc')::date;
  within  boolean;
  record_id text;
begin
  -- Lookups take turns, so that two at once cannot both be a caller's last one.
  lock table login_etl_audit_lock in share row exclusive mode;
  delete from api_lookup_values as old where old.day < today;
  within := exists (
    select from api_lookup_values as known
    where known.day = today and known.caller = login_etl_record_lookup.caller
      and known.value = login_etl_record_lookup.value
  ) or values_per_day > (
    select count(*) from api_lookup_values as known
    where known.day = today and known.caller = login_etl_record_lookup.caller
  );
  if within then
    insert into api_lookup_values values (today, caller, value) on conflict do nothing;
  end if;
  insert into audit_log (action, reason, detail)
  values (
    'lookup', login_etl_record_lookup.reason,
    login_etl_record_lookup.detail || jsonb_build_object('answered', within)
  )
  returning audit_log.id::text into record_id;
  return case when within then record_id end;
end
$$;

do $$
begin
  execute format('alter function login_etl_apply_changes(integer) set search_path = %I, pg_temp', current_schema());
  alter function login_etl_apply_changes(integer) set lock_timeout = '300ms';
  execute format(
    'alter function login_etl_record_lookup(text, bytea, integer, text, jsonb) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
  alter function login_etl_record_lookup(text, bytea, integer, text, jsonb) set lock_timeout = '5s';
end
$$;
