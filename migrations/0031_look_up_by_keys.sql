-- As in 0020, and rows are looked up by lists of keys instead of a join with user_logins, which a distributed table (Citus) has
-- no plan for.
create or replace function login_etl_insert_rows(columns text[], logins jsonb)
returns table (place integer, code text, of_constraint text, of_column text, of_table text, raised boolean)
language plpgsql as $$
declare
  group_size constant integer := 16;
  names text := (select string_agg(quote_ident(name), ', ') from unnest(columns) as name);
  statement text := format(
    'with stored as ('
    'insert into user_logins (%1$s) select %1$s from jsonb_populate_recordset(null::user_logins, $1) '
    'on conflict (create_date, message_id) do nothing returning message_id'
    ') select coalesce(array_agg(message_id::text), ''{}'') from stored',
    names
  );
  not_stored text := case
    when exists (select from pg_rewrite where ev_class = 'user_logins'::regclass) then 'LE002' else 'LE001'
  end;
  part jsonb;
  dates date[];
  ids text[];
  missing boolean;
  inserted text[];
  context text;
  at integer := 0;
  size integer := group_size;
begin
  while at < jsonb_array_length(logins) loop
    part := jsonb_path_query_array(
      logins, '$[$from to $to]', jsonb_build_object('from', at, 'to', least(at + size, jsonb_array_length(logins)) - 1)
    );
    begin
      execute statement into inserted using part;
      select array_agg(create_date), array_agg(message_id) into dates, ids
      from jsonb_to_recordset(part) as login (create_date date, message_id text);
      with stored as materialized (
        select create_date, message_id from user_logins where create_date = any(dates) and message_id = any(ids)
      )
      select count(*) > 0 into missing from unnest(dates, ids) as login (create_date, message_id)
      where not exists (
        select from stored where stored.create_date = login.create_date and stored.message_id = login.message_id
      ) and not exists (select from quarantine where quarantine.message_id = login.message_id);
      if missing then
        raise exception using errcode = not_stored;
      end if;
      if cardinality(inserted) < jsonb_array_length(part) then
        code := null;
        for place in
          select (login ->> 'place')::integer - 1 from jsonb_array_elements(part) as login
          where login ->> 'message_id' <> all(inserted)
        loop
          return next;
        end loop;
      end if;
      at := at + size;
    exception when others or assert_failure or query_canceled then
      get stacked diagnostics code = returned_sqlstate, of_constraint = constraint_name, of_column = column_name,
        of_table = table_name, context = pg_exception_context;
      raised := code not in ('LE001', 'LE002') and split_part(context, e'\n', 1) like '%RAISE%';
      if code = '57014' and not raised then
        raise;
      elsif size = 1 then
        place := (part #>> '{0,place}')::integer - 1;
        return next;
        at := at + 1;
      else
        size := 1;
        continue;
      end if;
    end;
    -- At the end of a group the next one is tried as a whole again.
    if at % group_size = 0 then size := group_size; end if;
  end loop;
end
$$;

-- As in 0014 and 0022. Citus refuses a subquery without columns.
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

create or replace function login_etl_make_month(month date) returns boolean
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

create or replace function login_etl_default_rows() returns bigint
language sql stable security definer as $$
  select count(*) from (select 1 from user_logins_default limit 100000) as counted
$$;

do $$
declare
  name text;
begin
  foreach name in array array['login_etl_make_month(date)', 'login_etl_default_rows()'] loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
    execute format($f$alter function %s set lock_timeout = '300ms'$f$, name);
  end loop;
end
$$;
