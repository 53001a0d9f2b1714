-- The rows. The first seven columns are what the table's consumers know: names, order and types are fixed.
do $$
begin
  if to_regclass('user_logins') is not null then
    raise exception 'a table user_logins is already there, and not made by login-etl'
      using hint = 'Rename it, migrate, and copy its rows over: see the README, "A user_logins table from before".';
  end if;
end
$$;

create table user_logins (
  user_id          varchar(128) not null,
  device_type      varchar(32)  not null,
  masked_ip        varchar(256) not null,
  masked_device_id varchar(256) not null,
  locale           varchar(32),
  app_version      varchar(32)  not null,
  create_date      date         not null,
  -- From here on our own. The message id is a UUID on AWS; its documentation promises 100 characters at most.
  message_id       varchar(100) collate "C" not null,
  mask_key_id      varchar(64)  not null,
  sent_at          timestamptz  not null,
  inserted_at      timestamptz  not null default now(),
  -- The workflow run and batch that stored the row: a repeated insert knows its own rows by it, and the ledger adds up.
  run_id           uuid         not null,
  batch_number     integer      not null,
  primary key (create_date, message_id)
) partition by range (create_date);

comment on column user_logins.create_date is 'UTC date of the message''s SentTimestamp: the same on every delivery';
comment on column user_logins.mask_key_id is 'the masking key that made masked_ip and masked_device_id; sha256 in the unkeyed mode';

create table user_logins_default partition of user_logins default;

-- Makes the monthly partitions from one month to another, those that are not there yet. A month whose rows are
-- already in the default partition stays there.
create function login_etl_make_partitions(from_month date, to_month date) returns integer
language plpgsql as $$
declare
  month date;
  made  integer := 0;
begin
  for month in select generate_series(date_trunc('month', from_month), to_month, interval '1 month')::date loop
    continue when to_regclass(format('user_logins_%s', to_char(month, 'YYYY_MM'))) is not null;
    continue when exists (
      select from user_logins_default
      where create_date >= month and create_date < month + interval '1 month'
    );
    execute format(
      'create table user_logins_%s partition of user_logins for values from (%L) to (%L)',
      to_char(month, 'YYYY_MM'), month, (month + interval '1 month')::date
    );
    made := made + 1;
  end loop;
  return made;
end
$$;
