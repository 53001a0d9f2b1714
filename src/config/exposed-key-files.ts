import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from './reader.ts';
import { SETTINGS, type Section } from './settings.ts';

const GROUP_READ = 0o040;
const OTHERS_READ = 0o004;
/** Whoever can write to the file or its directory can replace the key. */
const NOT_OWNER_WRITE = 0o022;
/** In a sticky directory such as /tmp nobody replaces another user's file. */
const STICKY = 0o1000;

/**
 * Says which files of secrets other users can read or replace: a line each, with what to do. As in libpq, a file that
 * root owns may be readable by its group, which is how Kubernetes mounts secrets.
 */
export function exposedKeyFiles(
  sections: readonly Section[],
  env: Environment = process.env,
): string[] {
  if (process.platform === 'win32') return [];
  return SETTINGS.filter(({ secret, section }) => secret && sections.includes(section)).flatMap(
    ({ name }) => {
      const path = env[`${name}_FILE`]?.trim();
      return path ? exposureOf(`${name}_FILE`, path, name === 'VAULT_PUBLIC_KEY') : [];
    },
  );
}

/** A file that cannot be read is reported when its section is read. */
function exposureOf(setting: string, path: string, isPublic: boolean): string[] {
  const [file, directory] = [tryStat(path), tryStat(dirname(path))];
  if (file === undefined || directory === undefined) return [];
  const readable = file.uid === 0 ? OTHERS_READ : OTHERS_READ | GROUP_READ;
  const lines: string[] = [];
  if (!isPublic && file.mode & readable) {
    lines.push(`${setting} names ${path}, which other users can read (${octal(file)}): chmod 600`);
  }
  if (file.mode & NOT_OWNER_WRITE) {
    lines.push(
      `${setting} names ${path}, which other users can change (${octal(file)}): chmod 600`,
    );
  }
  if (isWritableByOthers(directory)) {
    lines.push(
      `${setting} names a file in ${dirname(path)}, where other users can replace it (${octal(directory)}): chmod 700`,
    );
  }
  return lines;
}

const isWritableByOthers = ({ mode }: Stats): boolean =>
  (mode & NOT_OWNER_WRITE) !== 0 && (mode & STICKY) === 0;

export const octal = ({ mode }: Stats): string => `0${(mode & 0o777).toString(8)}`;

function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
