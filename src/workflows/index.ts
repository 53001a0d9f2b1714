export { ingestLogins } from './ingest/ingest-logins.ts';
export { replayQuarantine } from './replay/replay-quarantine.ts';
export { rotateMaskingKey } from './rotate/rotate-masking-key.ts';
