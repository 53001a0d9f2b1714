-- Distributes user_logins over the nodes of a Citus cluster: docs/scale.md, "Citus". Run it with psql on the coordinator, as a
-- superuser, after `login-etl migrate` and `create extension citus`, and before there are rows: create_distributed_table
-- moves those that are there, under a lock. All other tables stay on the coordinator.
\set ON_ERROR_STOP on
begin;

-- Citus distributes no table with triggers. These note changes for the read service, which would go on answering from memory
-- without them: so it may read nothing.
revoke select on user_logins from login_etl_reader;
set local citus.enable_unsafe_triggers = on;
drop trigger login_etl_begin_changes on user_logins;
drop trigger login_etl_note_inserts on user_logins;
drop trigger login_etl_note_updates on user_logins;
drop trigger login_etl_note_deletes on user_logins;
drop trigger login_etl_note_change on user_logins;

-- By message_id, since the primary key, which makes a redelivery harmless, has it. An account's logins are on all nodes.
select create_distributed_table('user_logins', 'message_id');

commit;
