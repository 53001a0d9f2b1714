-- Which backups exist. `login-etl audit head --backup LABEL` writes a row when a backup is complete; a month's rows are
-- detached from user_logins only when a backup that began after their last change is here.
create table backups (
  label          text        primary key check (label collate "C" ~ '^[ -~]{1,200}$'),
  started_at     timestamptz not null,
  finished_at    timestamptz not null check (finished_at >= started_at),
  -- The head of the audit log, as it was kept elsewhere.
  audit_sequence bigint,
  audit_hash     bytea,
  recorded_at    timestamptz not null default now(),
  recorded_by    text        not null default session_user,
  check ((audit_sequence is null) = (audit_hash is null))
);

comment on column backups.started_at is 'what was committed before is in the backup';

grant select, insert (label, started_at, finished_at, audit_sequence, audit_hash) on backups to login_etl_custodian;
grant select on backups to login_etl_worker;
