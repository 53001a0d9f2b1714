-- Runs are looked up by their workflow id, and shards by that of their parent.
create index ingest_runs_workflow_id on ingest_runs (workflow_id, started_at);
