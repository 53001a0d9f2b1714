-- The vault: originals of the masked values, sealed for a private key that no process of the job holds. A row for each
-- distinct masked value. Its original is sealed with the data key of the batch that met it first, and the data key is
-- sealed with the vault's public key.
create table vault_data_keys (
  id           uuid primary key,
  vault_key_id varchar(64) not null,
  wrapped_key  bytea       not null,
  made_at      timestamptz not null default now()
);

comment on column vault_data_keys.vault_key_id is 'first 16 hex digits of the SHA-256 of the public key (DER)';
comment on column vault_data_keys.wrapped_key is 'AES-256 key under RSA-OAEP with SHA-256';

create table vault (
  masked_value bytea       not null,
  field        varchar(16) not null check (field in ('ip', 'device_id')),
  mask_key_id  varchar(64) not null,
  -- No foreign key: both rows come in one transaction, and a check for each value would cost as much as its insert.
  data_key_id  uuid        not null,
  sealed_value bytea       not null,
  sealed_at    timestamptz not null default now(),
  primary key (masked_value, field)
);

comment on column vault.masked_value is 'the bytes whose hex is masked_ip or masked_device_id in user_logins';
comment on column vault.sealed_value is 'AES-256-GCM: nonce (12 bytes), ciphertext, tag (16); field:masked value is authenticated with it';

-- Counts the times that something was taken out of the vault. Workers remember which values they have put in, so as not to
-- seal them again with each login; when this has moved, they forget. See `known-originals.ts`.
create table vault_generation (
  one_row    boolean primary key default true check (one_row),
  generation bigint  not null default 0
);

insert into vault_generation default values;

create function login_etl_next_vault_generation() returns trigger
language plpgsql security definer as $$
begin
  update vault_generation set generation = generation + 1;
  return null;
end
$$;

-- The function runs with its owner's rights: it must not find another table than this one.
do $$
begin
  execute format(
    'alter function login_etl_next_vault_generation() set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;

create trigger next_generation after delete or truncate on vault
  for each statement execute function login_etl_next_vault_generation();

revoke execute on function login_etl_next_vault_generation() from public;
