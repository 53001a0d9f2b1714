-- Runs once for a new database: creates the job's roles and a user for each. Migrations grant the rest.
\getenv owner_password ETL_OWNER_PASSWORD
\getenv worker_password ETL_WORKER_PASSWORD
\getenv analyst_password ETL_ANALYST_PASSWORD
\getenv custodian_password ETL_CUSTODIAN_PASSWORD
\getenv reader_password ETL_READER_PASSWORD

create role login_etl_migrator nologin;
create role login_etl_worker nologin;
create role login_etl_analyst nologin;
create role login_etl_custodian nologin;
create role login_etl_reader nologin;

create role etl_owner login password :'owner_password' in role login_etl_migrator;
create role etl_worker login password :'worker_password' in role login_etl_worker;
create role etl_analyst login password :'analyst_password' in role login_etl_analyst;
create role etl_custodian login password :'custodian_password' in role login_etl_custodian;
create role etl_reader login password :'reader_password' in role login_etl_reader;

-- Owns the schema with it.
alter database :"DBNAME" owner to etl_owner;
