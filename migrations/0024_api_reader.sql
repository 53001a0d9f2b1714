-- The role of the read service. It reads masked rows, and writes nothing but audit records, through the functions below.
do $$
declare
  migrator name := current_user;
begin
  -- The role that owns the tables can neither create roles nor let them use the schema; whoever migrates perhaps can.
  set local role none;
  if not exists (select from pg_roles where rolname = 'login_etl_reader') then
    begin
      create role login_etl_reader nologin;
    exception
      -- Another database of this server was migrated at the same moment.
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception 'role login_etl_reader is missing, and % may not create it', current_user
          using hint = 'As an administrator: create role login_etl_reader nologin; then migrate again.';
    end;
  end if;
  -- Who may not grant it only gets a warning.
  execute format('grant usage on schema %I to login_etl_reader', current_schema());
  if not has_schema_privilege('login_etl_reader', current_schema(), 'usage') then
    raise exception 'role login_etl_reader may not use schema %, and % may not grant it', current_schema(), current_user
      using hint = format(
        'As the owner of the schema: grant usage on schema %I to login_etl_reader. Then migrate again.', current_schema()
      );
  end if;
  execute format('set local role %I', migrator);
end
$$;

grant select (
  user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date, message_id, mask_key_id, sent_at,
  inserted_at
) on user_logins to login_etl_reader;
grant select on login_etl_migrations to login_etl_reader;

-- Which values each caller has looked up today, by a hash of the masked value. Restarts and other processes of the
-- service count with it.
create table api_lookup_values (
  day    date  not null,
  caller text  not null check (caller <> '' and length(caller) <= 300),
  value  bytea not null check (octet_length(value) = 32),
  primary key (day, caller, value)
);

-- Commits the record of a lookup before its answer. Returns null, and leaves a record of it, when the caller has looked up
-- as many different values today as it may.
create function login_etl_record_lookup(
  caller text, value bytea, values_per_day integer, reason text, detail jsonb
) returns text
language plpgsql security definer as $$
declare
  today   date := (now() at time zone 'utc')::date;
  within  boolean;
  record_id text;
begin
  -- Lookups take turns, so that two at once cannot both be a caller's last one. The audit record takes this lock anyway.
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

create function login_etl_record_export(reason text, detail jsonb) returns text
language sql security definer as $$
  insert into audit_log (action, reason, detail)
  values ('export', login_etl_record_export.reason, login_etl_record_export.detail)
  returning id::text
$$;

do $$
begin
  execute format(
    'alter function login_etl_record_lookup(text, bytea, integer, text, jsonb) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
  alter function login_etl_record_lookup(text, bytea, integer, text, jsonb) set lock_timeout = '5s';
  execute format(
    'alter function login_etl_record_export(text, jsonb) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;

revoke execute on function login_etl_record_lookup(text, bytea, integer, text, jsonb),
  login_etl_record_export(text, jsonb) from public;
grant execute on function login_etl_record_lookup(text, bytea, integer, text, jsonb),
  login_etl_record_export(text, jsonb) to login_etl_reader;
