import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../../config/config.ts';
import { useEnvironment } from '../../config/environment.ts';
import { exposedKeyFiles } from '../../config/exposed-key-files.ts';
import type { Section } from '../../config/settings.ts';
import { printMessage } from '../terminal/output.ts';
import { neededUser } from './needed-user.ts';

/** The sections that a command needs, and no others. */
export function readSettings<S extends Section>(
  command: Command,
  sections: readonly S[],
): Pick<Config, S> {
  takeEnvironment(command);
  return warned(loadConfig(sections), sections);
}

const printed = new Set<string>();

/** Once, since some commands read their settings again and again. */
function warned<T>(settings: T, sections: readonly Section[]): T {
  for (const line of exposedKeyFiles(sections)) {
    if (!printed.has(line)) printMessage(`warning: ${line}`);
    printed.add(line);
  }
  return settings;
}

/** For commands that read each section by itself, such as `doctor`. */
export function takeEnvironment(command: Command): void {
  const { envFile } = command.optsWithGlobals<{ envFile?: string }>();
  useEnvironment(envFile, printMessage, neededUser(command));
}

/** Sections that a command can do without: undefined when they are not complete. Call it after `readSettings`. */
export function tryReadSettings<S extends Section>(
  sections: readonly S[],
): Pick<Config, S> | undefined {
  try {
    return warned(loadConfig(sections), sections);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
