-- As in 0022. Citus refuses a subquery without columns.
create or replace function login_etl_begin_move() returns boolean
language plpgsql security definer as $$
declare
  month date;
  name  text;
begin
  lock table login_etl_migrations in share row exclusive mode;
  if exists (select from partition_move where shape = login_etl_partition_shape()) then return true; end if;
  if exists (select from partition_move) then
    drop trigger if exists login_etl_moving on user_logins_default;
    drop trigger if exists login_etl_abandon_move on user_logins_default;
    drop table user_logins_moving;
    delete from partition_move;
    delete from partition_move_changes;
  end if;
  if not exists (select 1 from user_logins_default) then return false; end if;
  if exists (
    select from pg_trigger where tgrelid = 'user_logins_default'::regclass and not tgisinternal and tgparentid = 0
  ) then
    raise exception 'the default partition has triggers of its own' using errcode = 'object_not_in_prerequisite_state';
  end if;
  create table user_logins_moving (like user_logins including all) partition by range (create_date);
  create table user_logins_default_next (like user_logins including all);
  alter table user_logins_moving attach partition user_logins_default_next default;
  for month in
    select distinct date_trunc('month', create_date)::date as month from user_logins_default
    where isfinite(create_date) order by month limit 36
  loop
    name := format('user_logins_%s', to_char(month, 'YYYY_MM'));
    execute format('create table %I (like user_logins including all)', name);
    -- With it Postgres knows without a scan that the rows belong there.
    execute format(
      'alter table %I add constraint login_etl_month check (create_date >= %L and create_date < %L)',
      name, month, (month + interval '1 month')::date
    );
    execute format(
      'alter table user_logins_moving attach partition %I for values from (%L) to (%L)',
      name, month, (month + interval '1 month')::date
    );
  end loop;
  insert into partition_move (shape) values (login_etl_partition_shape());
  create trigger login_etl_moving after insert or update or delete on user_logins_default
    for each row execute function login_etl_note_moved_change();
  create trigger login_etl_abandon_move after truncate on user_logins_default
    for each statement execute function login_etl_abandon_move();
  return true;
end
$$;

do $$
begin
  execute format('alter function login_etl_begin_move() set search_path = %I, pg_temp', current_schema());
  alter function login_etl_begin_move() set lock_timeout = '300ms';
end
$$;
