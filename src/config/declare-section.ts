import type { Reader } from './reader.ts';

/** What is wrong with a value: the end of a sentence that begins with the setting's name. It never repeats the value. */
export class Wrong {
  readonly problems: readonly string[];
  constructor(...problems: string[]) {
    this.problems = problems;
  }
}

/** Reads the text of a setting, trimmed and not empty. */
export type Parse<T> = (text: string) => T | Wrong;

/** Everything there is to know about one environment variable. `.env.example` and `docs/settings.md` are made from it. */
export type Setting = {
  name: string;
  description: string;
  parse: Parse<unknown>;
  default?: string;
  /** For `.env.example`; a required setting without one is left for its owner to fill in. */
  example?: string;
  /** Why it is needed, and which settings may be given instead. */
  required?: { why: string; unless?: string };
  /** May also come from a file: `NAME_FILE`. */
  secret?: true;
  /** Used by the library of AWS or Temporal itself; declared so that it is documented and checked. */
  usedByLibrary?: true;
};

export type Settings = Readonly<Record<string, Setting>>;

export type ValueOf<S extends Setting> = Exclude<ReturnType<S['parse']>, Wrong>;

/** A value that was not given, or is wrong, is the default, or undefined where there is none. */
export type Values<D extends Settings> = {
  readonly [K in keyof D]: D[K] extends { default: string }
    ? ValueOf<D[K]>
    : ValueOf<D[K]> | undefined;
};

export type ConfigSection<T> = {
  title: string;
  settings: readonly Setting[];
  /** Undefined when a problem was reported that leaves nothing to return. */
  read(reader: Reader): T | undefined;
};

/** Each value is read when it is first used: a setting that another one replaces is not checked. */
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
