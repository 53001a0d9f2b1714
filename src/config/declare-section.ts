import type { Reader } from './reader.ts';

/** Describes an invalid value by the end of a sentence that begins with the setting's name. Never contains the value. */
export class Wrong {
  readonly problems: readonly string[];
  constructor(...problems: string[]) {
    this.problems = problems;
  }
}

/** Parses the text of a setting, which is trimmed and not empty. */
export type Parse<T> = (text: string) => T | Wrong;

/** Declares an environment variable. `.env.example` and `docs/settings.md` are generated from the declarations. */
export type Setting = {
  name: string;
  description: string;
  parse: Parse<unknown>;
  default?: string;
  /** Shown in `.env.example`; a required setting without an example is left empty there. */
  example?: string;
  /** Why the setting is needed, and the settings that may replace it. */
  required?: { why: string; unless?: string };
  /** May also come from a file: `NAME_FILE`. */
  secret?: true;
  /** The library of AWS or Temporal reads it; declared for documentation and checks. */
  usedByLibrary?: true;
};

export type Settings = Readonly<Record<string, Setting>>;

export type ValueOf<S extends Setting> = Exclude<ReturnType<S['parse']>, Wrong>;

/** A missing or invalid value is replaced by the default, or undefined if there is none. */
export type Values<D extends Settings> = {
  readonly [K in keyof D]: D[K] extends { default: string }
    ? ValueOf<D[K]>
    : ValueOf<D[K]> | undefined;
};

type ConfigSection<T> = {
  title: string;
  settings: readonly Setting[];
  /** Undefined when a problem was reported that leaves nothing to return. */
  read(reader: Reader): T | undefined;
};

/** Reads each value on first use, so that a setting that another one replaces is not checked. */
export function section<const D extends Settings, T>(
  title: string,
  settings: D,
  read: (values: Values<D>, reader: Reader) => T | undefined,
): ConfigSection<T> {
  return {
    title,
    settings: Object.values(settings),
    read: (reader) => read(reader.values(settings), reader),
  };
}
