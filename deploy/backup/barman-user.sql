-- As a superuser of the database: what Barman needs, and no right to read a row.
create role barman login replication password 'from your secret store';
grant execute on function pg_backup_start(text, boolean), pg_backup_stop(boolean), pg_switch_wal(),
  pg_create_restore_point(text) to barman;
grant pg_read_all_settings, pg_read_all_stats, pg_checkpoint to barman;

-- The hook's own user: it reads the audit log's head and the erasures, and notes the backup.
create role etl_backup_hook login password 'from your secret store' in role login_etl_custodian;
