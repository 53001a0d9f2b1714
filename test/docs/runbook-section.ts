import { expect } from 'vitest';
import { loginEtl } from '../cli/in-process.ts';
import { custodianEnv } from '../support/custodian.ts';
import type { Stack } from '../support/start-stack.ts';
import { readDocument } from './documents.ts';
import { shownCommands } from './shown-commands.ts';

const SECTIONS = readDocument('docs/runbook.md').split(/^## /m).slice(1);

/** The alerts that have a section. */
export const RUNBOOK_ALERTS = SECTIONS.map((text) => text.split('\n', 1)[0] ?? '');

/** Alerts that no test makes fire on a running stack, and what tests their state. */
export const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  LoginEtlPartitionsNotAhead: 'test/postgres/partitions and test/cli/watch/tables do',
  LoginEtlRowsInDefaultPartition: 'test/workflows/maintain does',
  LoginEtlMaintenanceOverdue: 'test/cli/operate/schedule.system.test.ts does',
  LoginEtlRetentionWaits: 'test/activities/maintain does',
  LoginEtlApiGone: 'test/api starts the service, and names what stops it',
  LoginEtlApiFailing: 'test/api/postgres-down.parts.test.ts does',
  LoginEtlApiCacheBypassed: 'test/api/cache does',
  LoginEtlHistoriesTooShort: 'deploy/prometheus/tests does',
  LoginEtlPayloadKeyRemoved: 'deploy/prometheus/tests does',
};

export const runbookSection = (alert: string): string =>
  SECTIONS.find((each) => each.startsWith(`${alert}\n`)) ?? '';

type Options = {
  as?: 'worker' | 'custodian';
  /** A verdict on the whole stack may be `any`. */
  exitCode?: number | 'any';
  env?: Readonly<Record<string, string>>;
};

/** Runs commands, which the section of the alert has to show. @returns a function that returns what a command says */
export function followSection(stack: Stack, alert: string) {
  const text = runbookSection(alert);
  const shown = shownCommands({ path: 'docs/runbook.md', text }).map(({ args }) => args);
  return async (
    command: string,
    { as = 'worker', exitCode = 0, env = {} }: Options = {},
  ): Promise<string> => {
    const args = shown.find((each) => each.join(' ') === command);
    expect(args, `${alert} shows: ${command}`).toBeDefined();
    const own = as === 'worker' ? stack.env : custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
    const result = await loginEtl({ ...own, ...env }, args ?? []);
    const said = result.stdout + result.stderr;
    if (exitCode !== 'any') expect(result.exitCode, `${command}: ${said}`).toBe(exitCode);
    return said;
  };
}
