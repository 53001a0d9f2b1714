-- The record of every reveal, erasure and other act on what is sealed. Append-only, and each record holds the hash of
-- the one before it: a record that was changed or taken out breaks the chain (`login-etl audit verify`).
create table audit_log (
  id            bigint       primary key,
  at            timestamptz  not null,
  actor         text         not null,
  action        varchar(64)  not null check (action <> ''),
  reason        text         not null check (btrim(reason) <> '' and length(reason) <= 4000),
  -- Bounded, so that a page of records fits into memory whatever they hold.
  detail        jsonb        not null default '{}' check (octet_length(detail::text) <= 262144),
  previous_hash bytea        not null,
  hash          bytea        not null
);

comment on column audit_log.actor is 'the database user of the session; nobody can say to be another';
comment on column audit_log.detail is 'masked values, ids and counts; never an original';
comment on column audit_log.hash is 'SHA-256 of audit_record(...), which begins with the hash before';

-- What is hashed: text that anyone can make again from the row.
create function audit_record(
  previous_hash bytea, id bigint, at timestamptz, actor text, action text, reason text, detail jsonb
) returns text
language sql stable as $$
  select jsonb_build_array(
    encode(previous_hash, 'hex'), id, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    actor, action, reason, detail
  )::text
$$;

-- Whoever inserts says action, reason and detail; the rest is not theirs to say. Writers take turns until they commit,
-- so that no id is left out. One whose snapshot is older than its turn gets an id that is taken, and fails.
create function login_etl_chain_audit() returns trigger
language plpgsql security definer as $$
declare
  last audit_log;
begin
  perform pg_advisory_xact_lock(7236514202);
  select * into last from audit_log order by id desc limit 1;
  new.id            := coalesce(last.id, 0) + 1;
  new.at            := clock_timestamp();
  new.actor         := session_user;
  new.previous_hash := coalesce(last.hash, sha256('login-etl audit log'));
  new.hash          := sha256(convert_to(
    audit_record(new.previous_hash, new.id, new.at, new.actor, new.action, new.reason, new.detail), 'UTF8'
  ));
  return new;
end
$$;

create function login_etl_refuse_audit_change() returns trigger
language plpgsql as $$
begin
  raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end
$$;

create trigger chain before insert on audit_log for each row execute function login_etl_chain_audit();
-- Also where nothing would be changed, and also in a session that replays what another server did.
create trigger append_only before update or delete or truncate on audit_log
  for each statement execute function login_etl_refuse_audit_change();
alter table audit_log enable always trigger append_only;
-- An owner has every privilege, and can take it back: still one step more.
revoke update, delete, truncate on audit_log from current_user;

-- The function runs with its owner's rights: it must not find another audit_log than this one.
do $$
begin
  execute format('alter function login_etl_chain_audit() set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;
revoke execute on function login_etl_chain_audit(), login_etl_refuse_audit_change() from public;

create view audit_counts as select action, count(*) as records, max(at) as last_at from audit_log group by action;
