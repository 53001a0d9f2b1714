-- Who may do what. Four group roles that nobody logs in as: grant them to the users of your installation, for example
-- `create user etl_worker password '…' in role login_etl_worker`. They belong to the whole server, so they may be there.
do $$
declare
  name text;
begin
  foreach name in array array['login_etl_migrator', 'login_etl_worker', 'login_etl_analyst', 'login_etl_custodian'] loop
    continue when exists (select from pg_roles where rolname = name);
    begin
      execute format('create role %I nologin', name);
    exception
      -- Another database of this server was migrated at the same moment.
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception 'role % is missing, and % may not create it', name, current_user
          using hint = format('As an administrator: create role %I nologin. Then migrate again.', name);
    end;
  end loop;
  execute format(
    'grant usage on schema %I to login_etl_worker, login_etl_analyst, login_etl_custodian', current_schema()
  );
end
$$;

-- Reasons hold no value, and counts of them tell what goes wrong.
create view quarantine_reasons as
  select reason, count(*) as messages, max(quarantined_at) as last_at from quarantine group by reason;

-- The worker adds. What it reads back are ids, days and the run that stored a message: to know what is there already,
-- and for the ledger. It reads no personal data, masked or sealed, and no record of the audit.
grant insert on user_logins, quarantine, vault, vault_data_keys to login_etl_worker;
grant select (message_id, create_date, inserted_at, mask_key_id, run_id, batch_number) on user_logins to login_etl_worker;
grant select (message_id, create_date, quarantined_at, run_id, batch_number) on quarantine to login_etl_worker;
grant select, insert, update on ingest_runs to login_etl_worker;
grant select on quarantine_reasons, audit_counts, login_etl_migrations to login_etl_worker;

grant select on user_logins to login_etl_analyst;

-- The custodian opens, erases and rotates, and leaves a record of it.
grant select, update (masked_ip, masked_device_id, mask_key_id) on user_logins to login_etl_custodian;
grant select, insert, delete on vault, vault_data_keys to login_etl_custodian;
grant select, update, delete on quarantine to login_etl_custodian;
grant select, insert on audit_log to login_etl_custodian;
grant select on ingest_runs, quarantine_reasons, audit_counts, login_etl_migrations to login_etl_custodian;

revoke execute on function login_etl_make_partitions(date, date) from public;
