-- The masking keys of each day's rows, so that a lookup can say which of them it could not search.
alter table login_days drop constraint login_days_dimension_check;
alter table login_days add constraint login_days_dimension_check
  check (dimension in ('all', 'device_type', 'app_version', 'locale', 'mask_key_id'));
alter table login_days alter column value type varchar(64);

create or replace function login_etl_sum_up_days(changed date[]) returns void
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

do $$
begin
  execute format(
    'alter function login_etl_sum_up_days(date[]) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;

-- Begin again.
update login_sums set transactions = null where kind = 'days';
