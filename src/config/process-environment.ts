import { parseEnv } from 'node:util';
import { readTextFile } from './read-secret-file.ts';
import type { Environment } from './reader.ts';
import { SETTINGS } from './settings.ts';

/** Takes settings from a file of NAME=VALUE lines; what is already set wins. */
export function loadEnvironmentFile(path: string): void {
  for (const [name, value] of Object.entries(parseEnv(readTextFile(path)))) {
    process.env[name] ??= value;
  }
}

/** Takes settings from a file of NAME=VALUE lines instead of all that are set. */
export function adoptEnvironmentFile(path: string): void {
  const environment = environmentWithOnly(parseEnv(readTextFile(path)));
  for (const name of Object.keys(process.env)) {
    if (!(name in environment)) delete process.env[name];
  }
  Object.assign(process.env, environment);
}

/** Settings that shells have set for other programs as well: they don't say that this one is configured. */
const SHARED = /^(AWS_REGION|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|PG[A-Z]+)$/;

/** Whether there is a setting that is meant for us: if so, no local default takes over. */
export function isConfigured(env: Environment = process.env): boolean {
  return SETTINGS.some(
    ({ name, section }) =>
      section !== 'worker' &&
      !SHARED.test(name) &&
      (env[name] !== undefined || env[`${name}_FILE`] !== undefined),
  );
}

/** Variables that could point us, or a library of ours, at something. */
const POINTING =
  /^(AWS_|SQS_|DATABASE_URL|PG|TEMPORAL_|MASKING_|PAYLOAD_|VAULT_|CODEC_SERVER_|WORKER_|LOG_(LEVEL|FORMAT)$)/;

/** Our environment without any of them, and with these settings: for what must talk to one stack only. */
export function environmentWithOnly(settings: Environment): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !POINTING.test(name));
  return { ...Object.fromEntries(others), ...settings };
}

/** For what starts other programs: the whole environment, as it is. */
export const inheritedEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env });

/** The person's editor, as a shell would run it. */
export const editorCommand = (env: Environment = process.env): string =>
  env.VISUAL?.trim() || env.EDITOR?.trim() || 'vi';
