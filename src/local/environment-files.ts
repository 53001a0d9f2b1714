import { rm, writeFile } from 'node:fs/promises';
import {
  custodianEnvironment,
  type LocalAddresses,
  localEnvironment,
} from './local-environment.ts';
import type { LocalState } from './local-state.ts';
import type { DatabaseUrls } from './postgres/database-users.ts';

/** Writes the settings of each database user for `npx login-etl …` in another terminal. */
export async function writeEnvironmentFiles(
  { environments }: LocalState,
  addresses: LocalAddresses,
  urls: DatabaseUrls,
): Promise<void> {
  await writeOne(environments.worker, localEnvironment(addresses));
  await writeOne(environments.owner, { DATABASE_URL: urls.owner });
  await writeOne(
    environments.custodian,
    custodianEnvironment({ ...addresses, databaseUrl: urls.custodian }),
  );
  await writeOne(environments.analyst, { DATABASE_URL: urls.analyst });
}

/** The file contains a password: replace any existing file, so that only its owner can read it. */
async function writeOne(path: string, environment: Record<string, string>): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  await rm(path, { force: true });
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
}
