-- When workers last encrypted or decrypted with each payload key: the histories of that time still need it.
create table payload_key_uses (
  key_id        text        primary key check (key_id collate "C" ~ '^[A-Za-z0-9._-]{1,64}$'),
  first_used_at timestamptz not null default now(),
  last_used_at  timestamptz not null default now()
);

grant select, insert, update (last_used_at) on payload_key_uses to login_etl_worker;
grant select on payload_key_uses to login_etl_custodian;
