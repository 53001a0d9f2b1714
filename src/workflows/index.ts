export { ingestLogins } from './ingest-logins.ts';
export { rotateMaskingKey } from './rotate-masking-key.ts';
export { replayQuarantine } from './replay-quarantine.ts';
