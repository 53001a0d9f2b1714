-- Messages that are no login events: sealed for the vault's private key, with a reason that holds no value.
create table quarantine (
  message_id     varchar(100) collate "C" primary key,
  create_date    date        not null,
  sent_at        timestamptz not null,
  reason         text        not null,
  sealed_body    bytea       not null,
  vault_key_id   varchar(64) not null,
  quarantined_at timestamptz not null default now(),
  run_id         uuid        not null,
  batch_number   integer     not null
);

comment on column quarantine.reason is 'field: rule; never a value';
comment on column quarantine.sealed_body is 'AES-256-GCM under a data key that is wrapped with the vault''s public key';

create index quarantine_reason on quarantine (reason, quarantined_at);
