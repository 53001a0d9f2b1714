-- The build that comes with this migration binds payloads to their workflow. For a day from now on it still does steps with
-- payloads of the builds before (`unbound-until.ts`).

-- Each step of a rotation looks for its begin and its end.
create index audit_log_rotations on audit_log ((detail ->> 'runId')) where action in ('rotation.begin', 'rotation.end');

-- What was erased from the vault, and when: originals of messages that were sent before do not come back, from whatever
-- is repeated. Hashes of masked values: the worker may read them and learns nothing that it did not know.
create table erased_values (
  value_hash bytea       primary key,
  erased_at  timestamptz not null default now()
);

comment on column erased_values.value_hash is 'SHA-256 of field, colon and masked value';

create index erased_values_erased_at on erased_values (erased_at);

grant select on erased_values to login_etl_worker, login_etl_custodian;
grant insert, update (erased_at) on erased_values to login_etl_custodian;

-- Messages that were erased from quarantine do not come back either.
create index quarantine_departures_erased on quarantine_departures (message_id) where cause = 'erased';
