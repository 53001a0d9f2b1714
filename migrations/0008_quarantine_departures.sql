-- What left quarantine on the record: replayed, discarded or erased. With it the ledger still adds up, and a message
-- that was taken out by hand is still missed.
create table quarantine_departures (
  message_id     varchar(100) collate "C" not null,
  -- The run that had quarantined it, and when.
  run_id         uuid        not null,
  quarantined_at timestamptz not null,
  cause          varchar(16) not null check (cause in ('replayed', 'discarded', 'erased')),
  departed_at    timestamptz not null default now()
);

create index quarantine_departures_quarantined_at on quarantine_departures (quarantined_at);

grant select, insert on quarantine_departures to login_etl_custodian;
grant select on quarantine_departures to login_etl_worker;

-- As in 0006, and what is taken is noted.
create or replace function login_etl_take_released(replay uuid, message_ids text[]) returns integer
language sql security definer as $$
  with taken as (
    delete from quarantine where released_for = replay and message_id = any(message_ids)
    returning message_id, run_id, quarantined_at
  ), noted as (
    insert into quarantine_departures (message_id, run_id, quarantined_at, cause)
    select message_id, run_id, quarantined_at, 'replayed' from taken
    returning message_id
  )
  select count(*)::integer from noted
$$;

do $$
begin
  execute format(
    'alter function login_etl_take_released(uuid, text[]) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;
