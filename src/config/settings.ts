import type { Setting } from './declare-section.ts';
import { api } from './sections/api-section.ts';
import { codecServer } from './sections/codec-server-section.ts';
import { custodian } from './sections/custodian-section.ts';
import { masking } from './sections/masking-section.ts';
import { payloads } from './sections/payloads-section.ts';
import { postgres } from './sections/postgres-section.ts';
import { retention } from './sections/retention-section.ts';
import { sqs } from './sections/sqs-section.ts';
import { temporal } from './sections/temporal-section.ts';
import { vault } from './sections/vault-section.ts';
import { worker } from './sections/worker-section.ts';

/** All sections, in the order of the documents. A command loads only the sections that it needs. */
export const SECTIONS = {
  sqs,
  postgres,
  temporal,
  masking,
  payloads,
  vault,
  custodian,
  retention,
  codecServer,
  api,
  worker,
} as const;

export type Section = keyof typeof SECTIONS;

/** All environment variables that the project reads. */
export const SETTINGS: readonly (Setting & { section: Section })[] = Object.entries(
  SECTIONS,
).flatMap(([section, { settings }]) =>
  settings.map((setting) => ({ ...setting, section: section as Section })),
);
