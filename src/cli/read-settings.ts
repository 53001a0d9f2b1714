import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { useEnvironment } from '../environment.ts';
import type { Section } from '../settings.ts';
import { printMessage } from './output.ts';

/** The sections that a command needs, and no others. */
export function readSettings<S extends Section>(
  command: Command,
  sections: readonly S[],
): Pick<Config, S> {
  takeEnvironment(command);
  return loadConfig(sections);
}

/** For `doctor`, which looks at each section by itself. */
export function takeEnvironment(command: Command): void {
  const { envFile } = command.optsWithGlobals<{ envFile?: string }>();
  useEnvironment(envFile, printMessage);
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
