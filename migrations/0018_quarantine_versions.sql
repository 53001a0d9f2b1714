-- Each body that an edit replaces stays, sealed as it was, with who replaced it and when. A trigger keeps it, so that no
-- build and no statement overwrites one. The versions outlive a replay, and go with a discard or an erasure.
create table quarantine_versions (
  message_id   varchar(100) collate "C" not null,
  -- 1 is the body that the queue delivered.
  number       integer      not null check (number > 0),
  reason       text         not null,
  sealed_body  bytea        not null,
  vault_key_id varchar(64)  not null,
  replaced_at  timestamptz  not null default clock_timestamp(),
  replaced_by  text         not null default session_user,
  primary key (message_id, number)
);

create function login_etl_keep_version() returns trigger language plpgsql security definer as $$
begin
  insert into quarantine_versions (message_id, number, reason, sealed_body, vault_key_id)
  select old.message_id, coalesce(max(number), 0) + 1, old.reason, old.sealed_body, old.vault_key_id
  from quarantine_versions where message_id = old.message_id;
  return new;
end
$$;
create trigger keep_version before update of sealed_body on quarantine for each row
  when (old.sealed_body is distinct from new.sealed_body) execute function login_etl_keep_version();

-- All faults of a message that has several. `reason` is the first of them.
alter table quarantine add column faults text[] check (cardinality(faults) <= 100);
comment on column quarantine.faults is 'each as in reason; null for a message with one fault, or of an earlier build';

create or replace function login_etl_conform_quarantine() returns trigger language plpgsql as $$
begin
  new.reason := login_etl_printable(new.reason, 4000);
  new.faults := (select array_agg(login_etl_printable(fault, 4000)) from unnest(new.faults) as fault);
  return new;
end
$$;
drop trigger conform on quarantine;
create trigger conform before insert or update of reason, faults on quarantine
  for each row execute function login_etl_conform_quarantine();

do $$
declare
  name text;
begin
  foreach name in array array['login_etl_keep_version()', 'login_etl_conform_quarantine()'] loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
  end loop;
end
$$;
revoke execute on function login_etl_keep_version(), login_etl_conform_quarantine() from public;

grant insert (faults) on quarantine to login_etl_worker;
grant update (faults) on quarantine to login_etl_custodian;
grant select, delete on quarantine_versions to login_etl_custodian;
