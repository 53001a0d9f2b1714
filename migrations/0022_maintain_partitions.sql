-- What the scheduled maintenance does to the partitions of user_logins. The worker's role may call these functions: they
-- run with the owner's rights, and each of them only adds partitions or moves rows between them.
--
-- Rows of a month without a partition are in the default partition. They keep Postgres from making one: so they are copied
-- into new partitions beside the table, which a short transaction then puts in place of the default partition. Until then
-- everyone finds the rows where they were. A trigger notes the rows that change after they were copied.
create table partition_move (
  one_row    boolean     primary key default true check (one_row),
  started_at timestamptz not null default now(),
  -- A change of user_logins starts the copy again.
  shape      text        not null,
  after_date date        not null default '-infinity',
  after_id   varchar(100) collate "C" not null default '',
  copied     bigint      not null default 0
);
create table partition_move_changes (
  number      bigint generated always as identity primary key,
  create_date date not null,
  message_id  varchar(100) collate "C" not null
);

comment on table partition_move is 'at most one row: rows are being moved out of the default partition of user_logins';

create function login_etl_note_moved_change() returns trigger
language plpgsql security definer as $$
begin
  if tg_op <> 'DELETE' then
    insert into partition_move_changes (create_date, message_id) values (new.create_date, new.message_id);
  end if;
  if tg_op <> 'INSERT' then
    insert into partition_move_changes (create_date, message_id) values (old.create_date, old.message_id);
  end if;
  return null;
end
$$;

create function login_etl_abandon_move() returns trigger
language plpgsql security definer as $$
begin
  update partition_move set shape = '';
  return null;
end
$$;

-- What a partition must have in common with the table.
create function login_etl_partition_shape() returns text
language sql stable security definer as $$
  select md5(concat_ws(';',
    (select string_agg(concat_ws(' ', attname, atttypid, atttypmod, attnotnull, attgenerated), ',' order by attname)
      from pg_attribute where attrelid = 'user_logins'::regclass and attnum > 0 and not attisdropped),
    (select string_agg(pg_get_constraintdef(oid), ',' order by conname) from pg_constraint
      where conrelid = 'user_logins'::regclass),
    (select string_agg(indexrelid::text, ',' order by indexrelid) from pg_index where indrelid = 'user_logins'::regclass)
  ))
$$;

-- The columns that are copied, in the order of the table: partitions may have another.
create function login_etl_partition_columns() returns text
language sql stable security definer as $$
  select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
  where attrelid = 'user_logins'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
$$;

-- Here and below "select 1", since Citus refuses a subquery without columns.
-- Makes the partition of a month that has none and no rows: false if it was not made. With an empty default partition there
-- is nothing to scan under its lock.
create function login_etl_make_month(month date) returns boolean
language plpgsql security definer as $$
begin
  if month not between current_date - 62 and current_date + 800 then
    raise exception 'month % is out of bounds', month using errcode = 'invalid_parameter_value';
  end if;
  lock table login_etl_migrations in share row exclusive mode;
  if exists (select 1 from user_logins_default) then return false; end if;
  return login_etl_make_partitions(month, month) = 1;
exception when check_violation then
  -- A row of the month came in between.
  return false;
end
$$;

-- Begins or resumes a move. @returns whether there is something to move
create function login_etl_begin_move() returns boolean
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

-- @returns how many rows it copied: 0 at the end
create function login_etl_copy_slice(most integer) returns bigint
language plpgsql security definer as $$
declare
  move       partition_move;
  last_date  date;
  last_id    varchar(100);
  columns    constant text := login_etl_partition_columns();
  rows       bigint;
begin
  if most not between 1 and 100000 then
    raise exception 'a slice of % rows is out of bounds', most using errcode = 'invalid_parameter_value';
  end if;
  select * into move from partition_move for update;
  if move.shape is distinct from login_etl_partition_shape() then
    raise exception 'no move is under way' using errcode = 'object_not_in_prerequisite_state';
  end if;
  select create_date, message_id into last_date, last_id from user_logins_default
  where create_date >= move.after_date and (create_date, message_id) > (move.after_date, move.after_id)
  order by create_date, message_id offset most - 1 limit 1;
  execute format(
    'insert into user_logins_moving (%1$s) overriding system value select %1$s from user_logins_default '
    'where create_date >= $1 and (create_date, message_id) > ($1, $2) '
    'and ($3 is null or create_date <= $3 and (create_date, message_id) <= ($3, $4)) '
    'on conflict (create_date, message_id) do nothing', columns
  ) using move.after_date, move.after_id, last_date, last_id;
  get diagnostics rows = row_count;
  update partition_move set copied = copied + rows, after_date = coalesce(last_date, 'infinity'),
    after_id = coalesce(last_id, '');
  return rows;
end
$$;

-- Copies rows again that have changed since, and takes those off the list that the copy has not reached yet: a later slice
-- copies them. It looks rows up by their key, however many there are. Between moves there is no user_logins_moving in the
-- schema, and the name alone could mean a temporary table of the caller, whose triggers would run with the owner's rights.
-- @returns how many changes it took
create function login_etl_apply_changes(most integer) returns bigint
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

-- Puts the copies in place of the default partition: only the catalog changes. @returns the moved rows; null when too much
-- has changed since they were copied
create function login_etl_finish_move() returns bigint
language plpgsql security definer as $$
declare
  part   record;
  copied bigint;
begin
  if (select count(*) from (select from partition_move_changes limit 2001) as pending) > 2000 then return null; end if;
  lock table login_etl_migrations in share row exclusive mode;
  -- In this order: inserts take this lock first, and everyone locks the table before its partitions.
  lock table login_etl_insert_lock in share row exclusive mode;
  lock table only user_logins in access exclusive mode;
  lock table user_logins_default in access exclusive mode;
  if not exists (select from partition_move where shape = login_etl_partition_shape() and after_date = 'infinity') then
    raise exception 'no move is under way' using errcode = 'object_not_in_prerequisite_state';
  end if;
  while login_etl_apply_changes(10000) > 0 loop end loop;
  alter table user_logins detach partition user_logins_default;
  for part in
    select inhrelid::regclass as name, pg_get_expr(relpartbound, pg_class.oid) as bound
    from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'user_logins_moving'::regclass
    -- The default partition comes last, so that it is the only one to be scanned.
    order by pg_get_expr(relpartbound, pg_class.oid) = 'DEFAULT'
  loop
    execute format('alter table user_logins_moving detach partition %s', part.name);
    execute format('alter table user_logins attach partition %s %s', part.name, part.bound);
    execute format('alter table %s drop constraint if exists login_etl_month', part.name);
  end loop;
  drop table user_logins_default;
  alter table user_logins_default_next rename to user_logins_default;
  drop table user_logins_moving;
  delete from partition_move returning partition_move.copied into copied;
  return copied;
end
$$;

-- Rows in the default partition, counted up to 100,000, and their months.
create function login_etl_default_rows() returns bigint
language sql stable security definer as $$
  select count(*) from (select 1 from user_logins_default limit 100000) as counted
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'login_etl_note_moved_change()', 'login_etl_abandon_move()', 'login_etl_partition_shape()',
    'login_etl_partition_columns()', 'login_etl_make_month(date)', 'login_etl_begin_move()',
    'login_etl_copy_slice(integer)', 'login_etl_apply_changes(integer)', 'login_etl_finish_move()',
    'login_etl_default_rows()'
  ] loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
    -- A lock that is waited for holds up the inserts that come after it.
    execute format($f$alter function %s set lock_timeout = '300ms'$f$, name);
    execute format('revoke execute on function %s from public', name);
  end loop;
  alter function login_etl_apply_changes(integer) set enable_hashjoin = off;
  alter function login_etl_apply_changes(integer) set enable_mergejoin = off;
  alter function login_etl_apply_changes(integer) set enable_seqscan = off;
end
$$;

grant execute on function login_etl_make_month(date), login_etl_begin_move(), login_etl_copy_slice(integer),
  login_etl_apply_changes(integer), login_etl_finish_move(), login_etl_default_rows() to login_etl_worker;
grant execute on function login_etl_default_rows() to login_etl_custodian;

-- When the maintenance last ended, and what the custodian's worker keeps: for people and alerts, nothing is decided by it.
create table maintenance (
  task        text        primary key check (task in ('partitions', 'retention')),
  finished_at timestamptz not null default now(),
  detail      jsonb       not null default '{}' check (octet_length(detail::text) <= 10000)
);
grant select on maintenance to login_etl_worker, login_etl_custodian;
grant insert, update on maintenance to login_etl_worker, login_etl_custodian;
