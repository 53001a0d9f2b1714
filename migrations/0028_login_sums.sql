-- Sums of user_logins for the read service. They are brought up to date outside of the transactions that change rows, by the
-- processes of the service, which take turns, and say up to when they count.

-- Logins and accounts of each day: all, and by value. A locale may be null. The masking keys say which of them a lookup could
-- not search.
create table login_days (
  day       date        not null,
  dimension varchar(16) not null
    check (dimension in ('all', 'device_type', 'app_version', 'locale', 'mask_key_id')),
  value     varchar(64),
  logins    bigint      not null,
  users     bigint      not null
);
create index login_days_day on login_days (day, dimension);

-- The smallest hashes of each day's distinct values. Those of several days together tell how many distinct values these
-- days have: exactly below 1,024, and else with a standard error of 3.1 % (the "k minimum values" sketch).
create table login_sketches (
  day    date        not null,
  kind   varchar(16) not null check (kind in ('users', 'devices', 'ips')),
  hashes bigint[]    not null,
  primary key (day, kind)
);

-- Devices with several accounts, and addresses with several devices.
create table device_accounts (
  masked_device_id varchar(256) primary key,
  mask_key_id      varchar(64) not null,
  accounts         bigint      not null,
  logins           bigint      not null,
  first_day        date        not null,
  last_day         date        not null
);
create index device_accounts_many on device_accounts (accounts, masked_device_id);

create table ip_accounts (
  masked_ip   varchar(256) primary key,
  mask_key_id varchar(64) not null,
  devices     bigint      not null,
  accounts    bigint      not null,
  logins      bigint      not null,
  first_day   date        not null,
  last_day    date        not null
);
create index ip_accounts_many on ip_accounts (devices, masked_ip);

-- The days that have rows: a lookup in the primary key for each.
create function login_etl_days() returns setof date
language sql stable as $$
  with recursive days as (
    select min(create_date) as day from user_logins
    union all
    select (select min(create_date) from user_logins where create_date > day) from days where day is not null
  )
  select day from days where day is not null
$$;

create function login_etl_sum_up_days(changed date[]) returns void
language plpgsql as $$
declare
  this date;
begin
  delete from login_days where day = any(changed);
  delete from login_sketches where day = any(changed);
  foreach this in array changed loop
    insert into login_days (day, dimension, value, logins, users)
    select this, case grouping(device_type, app_version, locale, mask_key_id)
        when 15 then 'all' when 7 then 'device_type' when 11 then 'app_version' when 13 then 'locale'
        else 'mask_key_id'
      end, coalesce(device_type, app_version, locale, mask_key_id), count(*), count(distinct user_id)
    from user_logins where create_date = this
    group by grouping sets ((), (device_type), (app_version), (locale), (mask_key_id)) having count(*) > 0;
    insert into login_sketches (day, kind, hashes)
    select this, kind, array_agg(hash order by hash) from (
      (select distinct 'users' as kind, hashtextextended(user_id, 0) as hash
        from user_logins where create_date = this order by hash limit 1024)
      union all
      (select distinct 'devices', hashtextextended(masked_device_id, 0) as hash
        from user_logins where create_date = this order by hash limit 1024)
      union all
      (select distinct 'ips', hashtextextended(masked_ip, 0) as hash
        from user_logins where create_date = this order by hash limit 1024)
    ) as smallest group by kind;
  end loop;
end
$$;

-- The values of a column that changes of these days and slots can have made shared, or no longer shared.
create function login_etl_changed_values(kind text, changed date[], slots integer[]) returns varchar[]
language plpgsql stable as $$
declare
  result varchar[];
begin
  execute format(
    'select array_agg(value) from ('
    '  select %1$I as value from user_logins where create_date = any($1) and login_etl_slot(%1$I) in (select unnest($2))'
    '  union select %1$I from %2$I where login_etl_slot(%1$I) in (select unnest($2))'
    ') as values_of_slots',
    case kind when 'devices' then 'masked_device_id' else 'masked_ip' end,
    case kind when 'devices' then 'device_accounts' else 'ip_accounts' end
  ) into result using changed, slots;
  return coalesce(result, '{}');
end
$$;

-- A condition that finds these values by the index of 0023, or nothing for all of them.
create function login_etl_only(masked text, given varchar[]) returns text
language sql immutable as $$
  select case when given is null then 'true' else format(
    'left(%1$I, 16) in (select left(value, 16) from unnest($1) as value) and %1$I = any($1)', masked
  ) end
$$;

-- Of the given values, or of all.
create function login_etl_sum_up_devices(given varchar[]) returns void
language plpgsql as $$
begin
  execute format(
    'with shared as materialized ('
    '  select masked_device_id, min(mask_key_id) as mask_key_id, count(*) as accounts, sum(logins)::bigint as logins,'
    '    min(first_day) as first_day, max(last_day) as last_day'
    '  from ('
    '    select masked_device_id, user_id, min(mask_key_id) as mask_key_id, count(*) as logins,'
    '      min(create_date) as first_day, max(create_date) as last_day'
    '    from user_logins where %1$s group by masked_device_id, user_id'
    '  ) as pairs'
    '  group by masked_device_id having count(*) > 1'
    '), gone as ('
    '  delete from device_accounts as old where ($1 is null or masked_device_id = any($1))'
    '    and not exists (select from shared where shared.masked_device_id = old.masked_device_id)'
    ')'
    'insert into device_accounts as old select * from shared '
    'on conflict (masked_device_id) do update set mask_key_id = excluded.mask_key_id, accounts = excluded.accounts,'
    '  logins = excluded.logins, first_day = excluded.first_day, last_day = excluded.last_day '
    'where old is distinct from excluded', login_etl_only('masked_device_id', given)
  ) using given;
end
$$;

create function login_etl_sum_up_ips(given varchar[]) returns void
language plpgsql as $$
begin
  execute format(
    'with shared as materialized ('
    '  select masked_ip, min(mask_key_id) as mask_key_id, count(distinct masked_device_id) as devices,'
    '    count(distinct user_id) as accounts, sum(logins)::bigint as logins, min(first_day) as first_day,'
    '    max(last_day) as last_day'
    '  from ('
    '    select masked_ip, masked_device_id, user_id, min(mask_key_id) as mask_key_id, count(*) as logins,'
    '      min(create_date) as first_day, max(create_date) as last_day'
    '    from user_logins where %1$s group by masked_ip, masked_device_id, user_id'
    '  ) as pairs'
    '  group by masked_ip having min(masked_device_id) <> max(masked_device_id)'
    '), gone as ('
    '  delete from ip_accounts as old where ($1 is null or masked_ip = any($1))'
    '    and not exists (select from shared where shared.masked_ip = old.masked_ip)'
    ')'
    'insert into ip_accounts as old select * from shared '
    'on conflict (masked_ip) do update set mask_key_id = excluded.mask_key_id, devices = excluded.devices,'
    '  accounts = excluded.accounts, logins = excluded.logins, first_day = excluded.first_day, last_day = excluded.last_day '
    'where old is distinct from excluded', login_etl_only('masked_ip', given)
  ) using given;
end
$$;

-- Brings one kind of sums up to date, in a transaction that is repeatable read, so that all comes from one snapshot. It
-- works for a twentieth of the time, so that it takes little from ingestion, however many rows a day has.
-- @returns false when there is nothing to do yet, or another process does it
create function login_etl_sum_up(of_kind text) returns boolean
language plpgsql security definer as $$
declare
  sums    login_sums;
  changed date[];
  now_partitions constant text := login_etl_partitions();
  all_days boolean;
  any_change boolean;
  any_slot boolean;
  slots integer[];
  given varchar[];
  -- Looking up more values takes longer than reading all rows.
  most_values constant integer := 20000;
begin
  select * into sums from login_sums where kind = of_kind for update skip locked;
  if not found or clock_timestamp() < sums.at + greatest(interval '1 second', 20 * sums.took) then return false; end if;
  -- Older changes may be forgotten.
  all_days := sums.transactions is null or sums.at < now() - interval '23 hours';
  select count(*) > 0, array_agg(distinct day), all_days or coalesce(bool_or(days is null), false)
  into any_change, changed, all_days
  from login_changes left join lateral unnest(days) as day on true
  where sums.transactions is not null and not purge
    and xid >= pg_snapshot_xmin(sums.transactions) and not pg_visible_in_snapshot(xid, sums.transactions);
  any_change := any_change or all_days or sums.partitions <> now_partitions;
  if any_change and of_kind = 'days' then
    if sums.partitions <> now_partitions or all_days then
      select array_agg(distinct day) into changed from (
        select unnest(changed) as day
        union all
        select coalesce(a, b) from login_etl_days() as a full join (select distinct day from login_days) as known (b) on a = b
        where all_days or a is null or b is null
      ) as days where day is not null;
    end if;
    perform login_etl_sum_up_days(coalesce(changed, '{}'));
  elsif any_change then
    if sums.partitions = now_partitions and not all_days then
      select coalesce(bool_or(of_change is null), false), array_agg(distinct slot) into any_slot, slots
      from (
        select case of_kind when 'devices' then devices else ips end as of_change from login_changes
        where not purge and xid >= pg_snapshot_xmin(sums.transactions)
          and not pg_visible_in_snapshot(xid, sums.transactions)
      ) as changes left join lateral unnest(of_change) as slot on true;
      if not any_slot then given := login_etl_changed_values(of_kind, changed, slots); end if;
      if cardinality(given) > most_values then given := null; end if;
    end if;
    if of_kind = 'devices' then perform login_etl_sum_up_devices(given);
    else perform login_etl_sum_up_ips(given);
    end if;
  end if;
  update login_sums set transactions = pg_current_snapshot(), partitions = now_partitions, at = now(),
    took = case when any_change then clock_timestamp() - now() else took end,
    xid = case when any_change then pg_current_xact_id() else xid end
  where kind = of_kind;
  return any_change;
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'login_etl_days()', 'login_etl_sum_up_days(date[])', 'login_etl_changed_values(text, date[], integer[])',
    'login_etl_only(text, varchar[])', 'login_etl_sum_up_devices(varchar[])', 'login_etl_sum_up_ips(varchar[])',
    'login_etl_sum_up(text)'
  ] loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', name, current_schema());
    execute format('revoke execute on function %s from public', name);
  end loop;
end
$$;

grant select on login_days, login_sketches, device_accounts, ip_accounts to login_etl_reader;
grant execute on function login_etl_sum_up(text) to login_etl_reader;
