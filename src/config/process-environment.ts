import { parseEnv } from 'node:util';
import { readTextFile } from './read-secret-file.ts';
import type { Environment } from './reader.ts';
import { SETTINGS } from './settings.ts';

/** Loads settings from a file of NAME=VALUE lines, without replacing existing ones. */
export function loadEnvironmentFile(path: string): void {
  for (const [name, value] of Object.entries(parseEnv(readTextFile(path)))) {
    process.env[name] ??= value;
  }
}

/** Replaces all settings by those in a file of NAME=VALUE lines. */
export function adoptEnvironmentFile(path: string): void {
  const environment = environmentWithOnly(parseEnv(readTextFile(path)));
  for (const name of Object.keys(process.env)) {
    if (!(name in environment)) delete process.env[name];
  }
  Object.assign(process.env, environment);
}

/** Settings that shells often set for other programs, so they do not show that this one is configured. */
const SHARED = /^(AWS_REGION|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|PG[A-Z]+)$/;

/** Reports whether any setting is meant for us: if so, no local default is used. */
export function isConfigured(env: Environment = process.env): boolean {
  return SETTINGS.some(
    ({ name, section }) =>
      section !== 'worker' &&
      !SHARED.test(name) &&
      (env[name] !== undefined || env[`${name}_FILE`] !== undefined),
  );
}

/** Variables that could point us, or one of our libraries, at a server. */
const POINTING =
  /^(AWS_|SQS_|DATABASE_URL|PG|TEMPORAL_|MASKING_|PAYLOAD_|VAULT_|CODEC_SERVER_|API_|REDIS_URL|WORKER_|LOG_(LEVEL|FORMAT)$)/;

/** Returns our environment without these variables, plus the given settings, for a process that must use only one stack. */
export function environmentWithOnly(settings: Environment): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !POINTING.test(name));
  return { ...Object.fromEntries(others), ...settings };
}

/** The whole environment, for code that starts other programs. */
export const inheritedEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env });

/** The user's editor, as a shell command. */
export const editorCommand = (env: Environment = process.env): string =>
  env.VISUAL?.trim() || env.EDITOR?.trim() || 'vi';

/** Reports whether npm or npx started this program, directly or not. */
export const isUnderNpm = (): boolean => process.env.npm_execpath !== undefined;
