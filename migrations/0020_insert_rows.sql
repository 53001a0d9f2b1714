-- In place of login_etl_insert_each, which earlier builds go on using. It returns two more things: rows whose message is
-- stored already (their code is null), and whether a function raised the error on purpose, with RAISE: such a code says
-- nothing about the server, whatever it is. The context's first line names the innermost statement, in any language. Rows are
-- looked up by lists of keys instead of a join with user_logins, which a distributed table (Citus) has no plan for.
create function login_etl_insert_rows(columns text[], logins jsonb)
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

revoke execute on function login_etl_insert_rows(text[], jsonb) from public;
grant execute on function login_etl_insert_rows(text[], jsonb) to login_etl_worker;

-- How many rows Postgres refused of a batch, for any reason. It is committed before the batch is judged, so that lanes
-- which are refused rows at the same time know of each other.
alter table ingest_batches add column refused integer not null default 0;
create index ingest_batches_that_were_refused on ingest_batches (stored_at) where refused > 0;

-- How many rows batches were refused since a batch last stored one, within a day.
create function login_etl_refused_in_a_row() returns integer
language sql stable as $$
  select coalesce(sum(refused), 0)::integer from ingest_batches
  where refused > 0 and stored_at > greatest(
    now() - interval '1 day', (select max(stored_at) from ingest_batches where inserted > 0)
  )
$$;

revoke execute on function login_etl_refused_in_a_row() from public;
grant execute on function login_etl_refused_in_a_row() to login_etl_worker;

-- Reasons of one kind count together: those of Postgres differ by what follows in parentheses, SQLSTATE and constraint,
-- and the constraints of one index have another name in each partition.
create or replace function login_etl_over_limit(run uuid, reasons text[], since timestamptz, most integer) returns text
language sql stable security definer as $$
  select min(reason) from quarantine
  cross join lateral regexp_replace(reason, ' \([^()]*\)$', '') as kind
  where quarantined_at >= since and run_id = run
    and kind in (select regexp_replace(given, ' \([^()]*\)$', '') from unnest(reasons) as given)
  group by kind having count(*) > most limit 1
$$;

do $$
begin
  execute format(
    'alter function login_etl_over_limit(uuid, text[], timestamptz, integer) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
end
$$;

create index quarantine_run on quarantine (run_id);
