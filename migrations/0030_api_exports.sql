-- The exports of the read service. A repeated request with the same Idempotency-Key gets the same one, from any process. The
-- query is sealed with the service's secret.
create table api_exports (
  id              uuid        primary key default gen_random_uuid(),
  caller          text        not null check (caller <> '' and length(caller) <= 300),
  idempotency_key bytea       not null check (octet_length(idempotency_key) = 32),
  request         bytea       not null check (octet_length(request) = 32),
  sealed_query    bytea       not null check (octet_length(sealed_query) <= 16384),
  created_at      timestamptz not null default now(),
  unique (caller, idempotency_key)
);

comment on column api_exports.idempotency_key is 'SHA-256 of the header, which may be any text of a client';
comment on column api_exports.request is 'SHA-256 of the query: the same key with another query is refused';

-- Commits the record of an export with it. Exports of the day before are gone.
create function login_etl_begin_export(
  caller text, idempotency_key bytea, request bytea, sealed_query bytea, reason text, detail jsonb
) returns table (id uuid, created_at timestamptz, same_request boolean, is_new boolean)
language plpgsql security definer as $$
#variable_conflict use_column
declare
  made api_exports;
begin
  delete from api_exports as old where old.created_at < now() - interval '1 day';
  insert into api_exports (caller, idempotency_key, request, sealed_query)
  values (
    login_etl_begin_export.caller, login_etl_begin_export.idempotency_key, login_etl_begin_export.request,
    login_etl_begin_export.sealed_query
  )
  on conflict do nothing returning * into made;
  if found then
    insert into audit_log (action, reason, detail)
    values ('export', login_etl_begin_export.reason, login_etl_begin_export.detail || jsonb_build_object('id', made.id));
    return query select made.id, made.created_at, true, true;
  else
    return query
      select known.id, known.created_at, known.request = login_etl_begin_export.request, false from api_exports as known
      where known.caller = login_etl_begin_export.caller
        and known.idempotency_key = login_etl_begin_export.idempotency_key;
  end if;
end
$$;

create function login_etl_find_export(export_id uuid, caller text)
returns table (sealed_query bytea, created_at timestamptz)
language sql stable security definer as $$
  select sealed_query, created_at from api_exports
  where id = export_id and caller = login_etl_find_export.caller and created_at >= now() - interval '1 day'
$$;

do $$
begin
  execute format(
    'alter function login_etl_begin_export(text, bytea, bytea, bytea, text, jsonb) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
  execute format(
    'alter function login_etl_find_export(uuid, text) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;

revoke execute on function login_etl_begin_export(text, bytea, bytea, bytea, text, jsonb),
  login_etl_find_export(uuid, text) from public;
grant execute on function login_etl_begin_export(text, bytea, bytea, bytea, text, jsonb),
  login_etl_find_export(uuid, text) to login_etl_reader;
