export { ingestLogins } from './ingest/ingest-logins.ts';
export { maintainTables } from './maintain/maintain-tables.ts';
export { retainTables } from './maintain/retain-tables.ts';
export { recoverLogins } from './recover/recover-logins.ts';
export { replayQuarantine } from './replay/replay-quarantine.ts';
export { rotateMaskingKey } from './rotate/rotate-masking-key.ts';
