-- Inserts logins, and returns those that cannot be stored, each with the code and the names of its error: for a batch of
-- which one statement cannot store every row. It runs with the rights of its caller. Groups of 16 go first, and only
-- the rows of a group that fails are tried one by one.
-- A row that is in neither table after its insert, since a trigger dropped, moved or changed it, is undone and
-- returned as LE001; as LE002 where the table has a rule, which does so to any row.
create function login_etl_insert_each(columns text[], logins jsonb)
returns table (place integer, code text, of_constraint text, of_column text, of_table text)
language plpgsql as $$
declare
  group_size constant integer := 16;
  names text := (select string_agg(quote_ident(name), ', ') from unnest(columns) as name);
  statement text := format(
    'insert into user_logins (%1$s) select %1$s from jsonb_populate_recordset(null::user_logins, $1) '
    'on conflict (create_date, message_id) do nothing',
    names
  );
  not_stored text := case
    when exists (select from pg_rewrite where ev_class = 'user_logins'::regclass) then 'LE002' else 'LE001'
  end;
  part jsonb;
  at integer := 0;
  size integer := group_size;
begin
  while at < jsonb_array_length(logins) loop
    part := jsonb_path_query_array(
      logins, '$[$from to $to]', jsonb_build_object('from', at, 'to', least(at + size, jsonb_array_length(logins)) - 1)
    );
    begin
      execute statement using part;
      if exists (
        select from jsonb_to_recordset(part) as login (create_date date, message_id text)
        cross join lateral (
          select exists (
            select from user_logins
            where user_logins.create_date = login.create_date and user_logins.message_id = login.message_id
          ) or exists (select from quarantine where quarantine.message_id = login.message_id) as stored
        ) as looked
        where not stored
      ) then
        raise exception using errcode = not_stored;
      end if;
      at := at + size;
    exception when others or assert_failure then
      if size = 1 then
        get stacked diagnostics code = returned_sqlstate, of_constraint = constraint_name, of_column = column_name,
          of_table = table_name;
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

-- How many of these originals the vault does not have. It tells no more than the count of an insert does, and lets the
-- worker notice that a trigger or an index of the vault drops originals, without a right to read it.
create function login_etl_missing_originals(masked_values bytea[], fields text[]) returns integer
language sql stable security definer as $$
  select count(*)::integer from unnest(masked_values, fields) as wanted (masked_value, field)
  where not exists (
    select from vault where vault.masked_value = wanted.masked_value and vault.field = wanted.field
  )
$$;

-- The first of these reasons that a run has quarantined more than `most` messages for, since then.
create function login_etl_over_limit(run uuid, reasons text[], since timestamptz, most integer) returns text
language sql stable security definer as $$
  select reason from quarantine
  where reason = any(reasons) and quarantined_at >= since and run_id = run
  group by reason having count(*) > most limit 1
$$;

do $$
begin
  execute format(
    'alter function login_etl_over_limit(uuid, text[], timestamptz, integer) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
  execute format(
    'alter function login_etl_missing_originals(bytea[], text[]) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
end
$$;

revoke execute on function login_etl_insert_each(text[], jsonb), login_etl_missing_originals(bytea[], text[]),
  login_etl_over_limit(uuid, text[], timestamptz, integer) from public;
grant execute on function login_etl_insert_each(text[], jsonb), login_etl_missing_originals(bytea[], text[]),
  login_etl_over_limit(uuid, text[], timestamptz, integer) to login_etl_worker;
