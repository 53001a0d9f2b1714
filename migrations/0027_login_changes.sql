-- What changed in user_logins, for whoever keeps answers or sums of it: each statement leaves a row in its transaction. It
-- names the days, and of the accounts, devices and addresses a hash of 20 bits ("slots"); null stands for any.
create table login_changes (
  xid     xid8        not null default pg_current_xact_id(),
  at      timestamptz not null default clock_timestamp(),
  days    date[],
  users   integer[],
  devices integer[],
  ips     integer[],
  -- No row changed, but whatever is cached has to go: originals were erased.
  purge   boolean     not null default false
);
create index login_changes_xid on login_changes (xid);
create index login_changes_at on login_changes (at);

-- When a process last followed the changes. Slots are noted only while one does: without them a row is small.
create table login_changes_followed (
  one_row boolean     primary key default true check (one_row),
  at      timestamptz not null default '-infinity'
);
insert into login_changes_followed default values;

-- The sums that are kept of user_logins (0028), and what they include: the transactions that this snapshot sees.
create table login_sums (
  kind         text        primary key check (kind in ('days', 'devices', 'ips')),
  transactions pg_snapshot,
  partitions   text        not null default '',
  at           timestamptz not null default '-infinity',
  took         interval    not null default '0',
  -- The transaction that summed up.
  xid          xid8        not null default pg_current_xact_id()
);
insert into login_sums (kind) values ('days'), ('devices'), ('ips');

create function login_etl_slot(value text) returns integer
language sql immutable parallel safe as $$ select hashtext(value) & 1048575 $$;

-- Partitions that are dropped, attached or truncated leave no row in login_changes, but another text here.
create function login_etl_partitions() returns text
language sql stable as $$
  select md5(coalesce(string_agg(concat_ws(':', inhrelid, pg_relation_filenode(inhrelid)), ' ' order by inhrelid), ''))
  from pg_inherits where inhparent = 'user_logins'::regclass
$$;

-- Removes changes that nobody needs any more. Statements do it in passing, so that the table stays small whatever runs.
create function login_etl_forget_changes() returns void
language sql as $$
  delete from login_changes where ctid = any(array(
    select ctid from login_changes
    where at < now() - interval '30 minutes' and (
      at < now() - interval '1 day'
      or not exists (select from login_sums where not pg_visible_in_snapshot(login_changes.xid, transactions))
    )
    order by at limit 2000 for update skip locked
  ))
$$;

create function login_etl_note_changes() returns trigger
language plpgsql security definer as $$
declare
  -- Whoever changes more is taken to change everything on its days.
  most_rows constant integer := 2000;
  followed  constant boolean := (select at > now() - interval '15 minutes' from login_changes_followed);
  changed   constant text := case tg_op
    when 'INSERT' then 'new_rows' when 'DELETE' then 'old_rows'
    else '(select * from old_rows union all select * from new_rows) as changed'
  end;
begin
  execute format(
    'insert into login_changes (days, users, devices, ips) '
    'select array_agg(distinct create_date), '
    'case when $1 and count(*) <= $2 then array_agg(login_etl_slot(user_id)) end, '
    'case when $1 and count(*) <= $2 then array_agg(login_etl_slot(masked_device_id)) end, '
    'case when $1 and count(*) <= $2 then array_agg(login_etl_slot(masked_ip)) end '
    'from %s having count(*) > 0', changed
  ) using followed, most_rows;
  perform set_config('login_etl.changes_noted', '', true);
  if random() < 0.002 then perform login_etl_forget_changes(); end if;
  return null;
end
$$;

-- Partitions take over only triggers for each row. While a statement changes user_logins itself, which notes its changes
-- as a whole, these do not fire.
create function login_etl_begin_changes() returns trigger
language plpgsql as $$
begin
  perform set_config('login_etl.changes_noted', 'yes', true);
  return null;
end
$$;

create function login_etl_note_change() returns trigger
language plpgsql security definer as $$
begin
  if tg_op <> 'DELETE' then
    insert into login_changes (days, users, devices, ips) values (
      array[new.create_date], array[login_etl_slot(new.user_id)], array[login_etl_slot(new.masked_device_id)],
      array[login_etl_slot(new.masked_ip)]
    );
  end if;
  if tg_op <> 'INSERT' then
    insert into login_changes (days, users, devices, ips) values (
      array[old.create_date], array[login_etl_slot(old.user_id)], array[login_etl_slot(old.masked_device_id)],
      array[login_etl_slot(old.masked_ip)]
    );
  end if;
  return null;
end
$$;

-- Called now and then by whoever follows the changes.
create function login_etl_follow_changes() returns void
language sql security definer as $$
  update login_changes_followed set at = now() where at < now() - interval '1 minute'
$$;

create function login_etl_note_purge() returns trigger
language plpgsql security definer as $$
begin
  insert into login_changes (days, purge) values ('{}', true);
  return null;
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'login_etl_slot(text)', 'login_etl_partitions()', 'login_etl_forget_changes()', 'login_etl_note_changes()',
    'login_etl_begin_changes()', 'login_etl_note_change()', 'login_etl_follow_changes()', 'login_etl_note_purge()'
  ] loop
    if name not in ('login_etl_slot(text)', 'login_etl_begin_changes()') then
      execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
    end if;
    execute format('revoke execute on function %s from public', name);
  end loop;
end
$$;

create trigger login_etl_begin_changes before insert or update or delete on user_logins
  for each statement execute function login_etl_begin_changes();
create trigger login_etl_note_inserts after insert on user_logins
  referencing new table as new_rows for each statement execute function login_etl_note_changes();
create trigger login_etl_note_updates after update on user_logins
  referencing old table as old_rows new table as new_rows for each statement execute function login_etl_note_changes();
create trigger login_etl_note_deletes after delete on user_logins
  referencing old table as old_rows for each statement execute function login_etl_note_changes();
create trigger login_etl_note_change after insert or update or delete on user_logins
  for each row when (coalesce(current_setting('login_etl.changes_noted', true), '') <> 'yes')
  execute function login_etl_note_change();
create trigger login_etl_note_purge after insert or update on erased_values
  for each statement execute function login_etl_note_purge();
alter table user_logins enable always trigger login_etl_begin_changes;
alter table user_logins enable always trigger login_etl_note_inserts;
alter table user_logins enable always trigger login_etl_note_updates;
alter table user_logins enable always trigger login_etl_note_deletes;
alter table user_logins enable always trigger login_etl_note_change;

grant select on login_changes, login_sums to login_etl_reader;
grant execute on function login_etl_slot(text), login_etl_partitions(), login_etl_follow_changes() to login_etl_reader;
