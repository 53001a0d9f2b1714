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
          using hint = format(
            'As an administrator: create role login_etl_migrator nologin; create role login_etl_worker nologin; '
            'create role login_etl_analyst nologin; create role login_etl_custodian nologin; '
            'grant login_etl_migrator to %I; as far as they are missing. Then migrate again.', current_user
          );
    end;
  end loop;
end
$$;

do $$
declare
  name text;
begin
  execute format(
    'grant usage on schema %I to login_etl_worker, login_etl_analyst, login_etl_custodian', current_schema()
  );
  -- Who may not grant it only gets a warning.
  foreach name in array array['login_etl_worker', 'login_etl_analyst', 'login_etl_custodian'] loop
    continue when has_schema_privilege(name, current_schema(), 'usage');
    raise exception 'role % may not use schema %, and % may not grant it', name, current_schema(), current_user
      using hint = format(
        'As the owner of the schema: grant usage on schema %I to login_etl_worker, login_etl_analyst, '
        'login_etl_custodian. Then migrate again.', current_schema()
      );
  end loop;
end
$$;

-- A custodian releases messages for a replay. The worker takes them out of quarantine with the same transaction that
-- stores them again, and can take out no others.
alter table quarantine add column released_for uuid;
comment on column quarantine.released_for is 'the replay that a custodian has released the message for';

create function login_etl_take_released(replay uuid, message_ids text[]) returns integer
language sql security definer as $$
  with taken as (
    delete from quarantine where released_for = replay and message_id = any(message_ids) returning message_id
  )
  select count(*)::integer from taken
$$;

-- Reasons hold no value, and counts of them tell what goes wrong.
create view quarantine_reasons as
  select reason, count(*) as messages, max(quarantined_at) as last_at from quarantine group by reason;

-- What runs with its owner's rights must not find other tables than these.
do $$
begin
  execute format(
    'alter function login_etl_take_released(uuid, text[]) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;
revoke execute on function login_etl_make_partitions(date, date), login_etl_take_released(uuid, text[]) from public;

-- The worker adds. What it reads back are ids, days and the run that stored a message: to know what is there already,
-- and for the ledger. It reads no personal data, masked or sealed, and no record of the audit.
grant insert on user_logins, vault, vault_data_keys to login_etl_worker;
grant select on vault_generation to login_etl_worker;
grant insert (message_id, create_date, sent_at, reason, sealed_body, vault_key_id, quarantined_at, run_id, batch_number)
  on quarantine to login_etl_worker;
grant select (message_id, create_date, inserted_at, mask_key_id, run_id, batch_number) on user_logins to login_etl_worker;
grant select (message_id, create_date, quarantined_at, run_id, batch_number) on quarantine to login_etl_worker;
grant select, insert, update on ingest_runs to login_etl_worker;
grant select on quarantine_reasons, audit_counts, login_etl_migrations to login_etl_worker;
grant execute on function login_etl_take_released(uuid, text[]) to login_etl_worker;

grant select on user_logins to login_etl_analyst;

-- The custodian opens, corrects, erases and rotates, and leaves a record of it.
grant select, update (masked_ip, masked_device_id, mask_key_id) on user_logins to login_etl_custodian;
grant select, insert, delete on vault, vault_data_keys to login_etl_custodian;
grant select, update (reason, sealed_body, vault_key_id, released_for), delete on quarantine to login_etl_custodian;
grant select, insert on audit_log to login_etl_custodian;
grant select on ingest_runs, quarantine_reasons, audit_counts, login_etl_migrations to login_etl_custodian;

-- All of it belongs to the migrator, so that each of its members can migrate (`migrate` goes on as that role). Where
-- that can't be, it stays with whoever migrates now.
do $$
declare
  object text;
begin
  if not pg_has_role(current_user, 'login_etl_migrator', 'usage') then
    begin
      execute format('grant login_etl_migrator to %I', current_user);
    exception when unique_violation then null;
    end;
  end if;
  execute format('grant usage, create on schema %I to login_etl_migrator', current_schema());
  for object in
    select format('table %s', c.oid::regclass) from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relname in (
      'user_logins', 'quarantine', 'ingest_runs', 'vault', 'vault_data_keys', 'vault_generation', 'audit_log', 'login_etl_migrations',
      'quarantine_reasons', 'audit_counts'
    )
    union all
    select format('table %s', inhrelid::regclass) from pg_inherits where inhparent = 'user_logins'::regclass
    union all
    select format('function %s', p.oid::regprocedure) from pg_proc p
    where p.pronamespace = current_schema()::regnamespace
      and (p.proname = 'audit_record' or p.proname like 'login\_etl\_%')
  loop
    execute format('alter %s owner to login_etl_migrator', object);
  end loop;
exception when insufficient_privilege then
  raise warning 'the tables belong to %, not to login_etl_migrator: %', current_user, sqlerrm
    using hint = 'See docs/security.md, "Roles".';
end
$$;
