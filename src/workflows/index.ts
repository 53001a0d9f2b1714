export { ingestLogins } from './ingest-logins.ts';
