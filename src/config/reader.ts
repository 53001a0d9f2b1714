import {
  type Setting,
  type Settings,
  type ValueOf,
  type Values,
  Wrong,
} from './declare-section.ts';
import { cannotBeRead, readSecretFile } from './read-secret-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads settings from the environment and collects their problems. */
export class Reader {
  readonly problems: string[] = [];
  readonly env: Environment;
  constructor(env: Environment) {
    this.env = env;
  }

  values<D extends Settings>(settings: D): Values<D> {
    const read = new Map<string, unknown>();
    return new Proxy(settings, {
      get: (_, key: string) => {
        if (!read.has(key)) read.set(key, this.#value(settings[key] as Setting));
        return read.get(key);
      },
    }) as unknown as Values<D>;
  }

  /** Reports whether the setting or its file was given. */
  given(name: string): boolean {
    return settingGiven(name, this.env) !== undefined;
  }

  problem(name: string, what: string): void {
    const problem = `${name} ${what}`;
    // Two sections may share a setting.
    if (!this.problems.includes(problem)) this.problems.push(problem);
  }

  /** Reports a setting that was not given; an invalid one has been reported already. */
  missing({ name, secret }: Setting, why: string, ...instead: string[]): void {
    if ([name, ...instead].some((each) => this.given(each))) return;
    const others = [...(secret ? [`${name}_FILE`] : []), ...instead];
    const nor = others.length > 0 ? ` (nor is ${others.join(' or ')})` : '';
    this.problem(name, `is not set${nor}: ${why}`);
  }

  fileGiven(name: string): boolean {
    return textOf(`${name}_FILE`, this.env) !== undefined;
  }

  /**
   * Returns a function that reads the secret's file again with each call, so that the secret can be replaced while the
   * program runs. While the file is missing or invalid, the last value is kept.
   */
  current<S extends Setting, V extends ValueOf<S> | undefined>(setting: S, value: V): () => V {
    const path = textOf(`${setting.name}_FILE`, this.env);
    if (path === undefined || value === undefined) return () => value;
    let latest: V = value;
    return () => {
      try {
        const parsed = setting.parse(readSecretFile(path));
        if (!(parsed instanceof Wrong)) latest = parsed as V;
      } catch {
        // The file is being replaced or is gone: the connection shows whether the old value is still valid.
      }
      return latest;
    };
  }

  #value(setting: Setting): unknown {
    const { name, required, secret } = setting;
    const text = secret ? this.#secret(name) : textOf(name, this.env);
    if (text !== undefined) {
      const value = setting.parse(text);
      if (!(value instanceof Wrong)) return value;
      for (const problem of value.problems) this.problem(name, problem);
    } else if (required) {
      this.missing(setting, required.why, ...(required.unless ? [required.unless] : []));
    }
    return setting.default === undefined ? undefined : setting.parse(setting.default);
  }

  /** NAME, or the content of the file that NAME_FILE names. */
  #secret(name: string): string | undefined {
    const path = textOf(`${name}_FILE`, this.env);
    if (path === undefined) return textOf(name, this.env);
    if (textOf(name, this.env) !== undefined) {
      this.problem(name, `is set, and ${name}_FILE too: keep one of them`);
      return undefined;
    }
    try {
      const content = readSecretFile(path);
      if (content === '') this.problem(`${name}_FILE`, 'names a file that is empty');
      return content || undefined;
    } catch (error) {
      this.problem(`${name}_FILE`, cannotBeRead(error));
      return undefined;
    }
  }
}

/** A setting that contains only spaces counts as not set. */
export function textOf(name: string, env: Environment): string | undefined {
  return env[name]?.trim() || undefined;
}

/** Returns the variable that provides the setting: NAME or NAME_FILE. */
export function settingGiven(name: string, env: Environment = process.env): string | undefined {
  return [name, `${name}_FILE`].find((form) => textOf(form, env) !== undefined);
}
