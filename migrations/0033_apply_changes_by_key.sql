-- As in 0029, and it takes the keys that the copy has not reached yet off the list: a later slice copies them. It looks rows up by
-- their key, however many there are. So it is called after each slice, and the list stays short while inserts go on.
create or replace function login_etl_apply_changes(most integer) returns bigint
language plpgsql security definer as $$
declare
  columns constant text := login_etl_partition_columns();
  move  partition_move;
  dates date[];
  ids   text[];
  taken bigint;
begin
  select * into move from partition_move for update;
  if not found then
    raise exception 'no move is under way' using errcode = 'object_not_in_prerequisite_state';
  end if;
  with gone as (
    delete from partition_move_changes where number in (
      select number from partition_move_changes order by number limit most
    ) returning create_date, message_id
  )
  select (select count(*) from gone), array_agg(create_date) filter (where reached), array_agg(message_id) filter (where reached)
  into taken, dates, ids
  from (
    select distinct create_date, message_id, (create_date, message_id) <= (move.after_date, move.after_id) as reached from gone
  ) as changed;
  execute format(
    'delete from %I.user_logins_moving as copy using unnest($1, $2) as changed (create_date, message_id) '
    'where copy.create_date = changed.create_date and copy.message_id = changed.message_id', current_schema()
  ) using dates, ids;
  execute format(
    'insert into %2$I.user_logins_moving (%1$s) overriding system value select %1$s from user_logins_default '
    'where (create_date, message_id) in (select * from unnest($1, $2)) '
    'on conflict (create_date, message_id) do nothing', columns, current_schema()
  ) using dates, ids;
  return taken;
end
$$;

do $$
begin
  execute format('alter function login_etl_apply_changes(integer) set search_path = %I, pg_temp', current_schema());
  alter function login_etl_apply_changes(integer) set lock_timeout = '300ms';
  alter function login_etl_apply_changes(integer) set enable_hashjoin = off;
  alter function login_etl_apply_changes(integer) set enable_mergejoin = off;
  alter function login_etl_apply_changes(integer) set enable_seqscan = off;
end
$$;
