-- As in 0001, and a partition is made apart from the table and then attached: that takes a weaker lock on user_logins
-- than making it in place. Attaching still locks the default partition for a moment, so callers set lock_timeout.
-- Citus refuses a subquery without columns, hence "select 1".
create or replace function login_etl_make_partitions(from_month date, to_month date) returns integer
language plpgsql as $$
declare
  month date;
  name  text;
  made  integer := 0;
begin
  for month in select generate_series(date_trunc('month', from_month), to_month, interval '1 month')::date loop
    name := format('user_logins_%s', to_char(month, 'YYYY_MM'));
    continue when to_regclass(name) is not null;
    continue when exists (
      select 1 from user_logins_default
      where create_date >= month and create_date < month + interval '1 month'
    );
    execute format('create table %I (like user_logins including all)', name);
    execute format(
      'alter table user_logins attach partition %I for values from (%L) to (%L)',
      name, month, (month + interval '1 month')::date
    );
    made := made + 1;
  end loop;
  return made;
end
$$;
