-- Indexes for reading by account, device or address, newest first. Masked values are long, so only their first 16
-- characters are indexed; statements compare these and the whole value. New partitions get the indexes when they are made,
-- empty ones here, and `migrate` builds those of the others without holding up inserts (`complete-indexes.ts`).
-- Those who build take turns.
create table login_etl_index_lock ();
comment on table login_etl_index_lock is 'empty: locked by whoever builds indexes, see complete-indexes.ts';

create index user_logins_user on only user_logins (user_id, create_date);
create index user_logins_device on only user_logins (left(masked_device_id, 16), create_date);
create index user_logins_ip on only user_logins (left(masked_ip, 16), create_date);

do $$
declare
  empty record;
  kind text;
begin
  for empty in
    select oid::regclass as partition, relname from pg_inherits join pg_class on oid = inhrelid
    where inhparent = 'user_logins'::regclass and relkind = 'r' and pg_relation_size(oid) = 0
  loop
    foreach kind in array array['user', 'device', 'ip'] loop
      execute format(
        'create index %I on %s %s', empty.relname || '_' || kind, empty.partition,
        substring(pg_get_indexdef(('user_logins_' || kind)::regclass) from ' USING .*')
      );
      execute format('alter index user_logins_%s attach partition %I', kind, empty.relname || '_' || kind);
    end loop;
  end loop;
end
$$;
