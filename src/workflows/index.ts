export { ingestLogins } from './ingest-logins.ts';
export { replayQuarantine } from './replay-quarantine.ts';
