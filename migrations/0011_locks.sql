-- Locks that want a privilege. Every login of the database may take an advisory lock, and so hold up whoever uses one;
-- a lock on one of these empty tables that is in the way of another wants UPDATE on it. SELECT does no harm.
create table login_etl_insert_lock ();
create table login_etl_vault_lock ();
create table login_etl_audit_lock ();

comment on table login_etl_insert_lock is 'empty: locked by inserts of a batch, see insert-lock.ts';
comment on table login_etl_vault_lock is 'empty: locked by whoever takes originals out of the vault, see vault-lock.ts';
comment on table login_etl_audit_lock is 'empty: locked by whoever writes the audit log, in its trigger';

grant update on login_etl_insert_lock to login_etl_worker, login_etl_custodian;
grant update on login_etl_vault_lock to login_etl_custodian;

-- As in 0005, with another lock.
create or replace function login_etl_chain_audit() returns trigger
language plpgsql security definer as $$
declare
  last audit_log;
begin
  lock table login_etl_audit_lock in share row exclusive mode;
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

do $$
begin
  execute format('alter function login_etl_chain_audit() set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;
