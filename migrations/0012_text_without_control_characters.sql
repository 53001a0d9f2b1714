-- Text that people read in a terminal contains no characters that a terminal obeys (control characters, so escape
-- sequences) or that mislead the eye (direction marks, invisible characters). Rows from before may contain some, so the
-- constraints are validated only where that is quick and nothing violates them; every new row is checked.
-- Workflow ids are chosen by whoever starts a workflow. They are changed instead of refused: a strange id must not keep
-- its run from storing rows. Builds from before are covered as well.
create function login_etl_printable(value text, longest integer) returns text
language sql immutable as $$
  select left(
    regexp_replace(value, '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]', '?', 'g'),
    longest
  )
$$;

create function login_etl_conform_run() returns trigger language plpgsql as $$
begin
  new.workflow_id := login_etl_printable(new.workflow_id, 1000);
  new.worker_build := login_etl_printable(new.worker_build, 200);
  return new;
end
$$;
create trigger conform before insert or update of workflow_id, worker_build on ingest_runs
  for each row execute function login_etl_conform_run();

create function login_etl_conform_quarantine() returns trigger language plpgsql as $$
begin
  new.reason := login_etl_printable(new.reason, 4000);
  return new;
end
$$;
create trigger conform before insert or update of reason on quarantine
  for each row execute function login_etl_conform_quarantine();

alter table ingest_runs add constraint workflow_id_is_text check (
  length(workflow_id) <= 1000
  and workflow_id !~ '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
) not valid;
alter table quarantine
  add constraint message_id_is_text check (
    message_id !~ '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
  ) not valid,
  add constraint reason_is_text check (
    length(reason) <= 4000
    and reason !~ '[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
  ) not valid,
  add constraint vault_key_id_is_key_id check (vault_key_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$') not valid;
alter table vault_data_keys
  add constraint vault_key_id_is_key_id check (vault_key_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$') not valid;
alter table user_logins
  add constraint mask_key_id_is_key_id check (mask_key_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$') not valid;
alter table audit_log
  add constraint action_is_name check (action ~ '^[a-z][a-z0-9.-]*$') not valid;

do $$
declare
  small record;
begin
  for small in
    select conrelid::regclass as of_table, conname from pg_constraint
    where not convalidated and contype = 'c'
      and conrelid in ('ingest_runs'::regclass, 'quarantine'::regclass, 'vault_data_keys'::regclass, 'audit_log'::regclass)
  loop
    begin
      execute format('alter table %s validate constraint %I', small.of_table, small.conname);
    exception when check_violation then
      raise warning 'rows from before do not satisfy % of %: new rows do', small.conname, small.of_table;
    end;
  end loop;
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array['login_etl_printable(text, integer)', 'login_etl_conform_run()', 'login_etl_conform_quarantine()']
  loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
  end loop;
end
$$;

-- Whoever writes such a row calls the first through the triggers; nobody calls the triggers' functions by name.
revoke execute on function login_etl_printable(text, integer), login_etl_conform_run(), login_etl_conform_quarantine()
  from public;
grant execute on function login_etl_printable(text, integer) to login_etl_worker, login_etl_custodian;
