export { ingestLogins } from './ingest-logins.ts';
export { replayQuarantine } from './replay-quarantine.ts';
export { rotateMaskingKey } from './rotate-masking-key.ts';
