import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../../config/config.ts';
import { type LocalUser, useEnvironment } from '../../config/environment.ts';
import type { Section } from '../../config/settings.ts';
import { printMessage } from '../terminal/output.ts';

/** The sections that a command needs, and no others. The user counts for the local stack only. */
export function readSettings<S extends Section>(
  command: Command,
  sections: readonly S[],
  user?: LocalUser,
): Pick<Config, S> {
  takeEnvironment(command, user);
  return loadConfig(sections);
}

/** For `doctor`, which looks at each section by itself. */
export function takeEnvironment(command: Command, user?: LocalUser): void {
  const { envFile } = command.optsWithGlobals<{ envFile?: string }>();
  useEnvironment(envFile, printMessage, user);
}

/** What a command can do without: undefined when it is not complete. Call it after `readSettings`. */
export function tryReadSettings<S extends Section>(
  sections: readonly S[],
): Pick<Config, S> | undefined {
  try {
    return loadConfig(sections);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
