import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { removePostgresData } from './postgres/postgres-server.ts';

/** Where `npm start` keeps what a second start is to find again. Not in git. */
export function localState(root: string) {
  const directory = join(root, '.local');
  return {
    directory,
    lock: join(directory, 'lock'),
    /** The worker's, for whatever names no other; and of the others who use the database. */
    environments: {
      worker: join(directory, 'env'),
      owner: join(directory, 'owner.env'),
      custodian: join(directory, 'custodian.env'),
      analyst: join(directory, 'analyst.env'),
      codecServer: join(directory, 'codec-server.env'),
      api: join(directory, 'api.env'),
    },
    ports: join(directory, 'ports.json'),
    keys: join(directory, 'keys'),
    codecServerToken: join(directory, 'codec-server-token'),
    apiTokens: join(directory, 'api-tokens.json'),
    postgresData: join(directory, 'postgres'),
    temporalDatabase: join(directory, 'temporal.db'),
    workflowBundle: join(directory, 'workflow-bundle.js'),
    logs: join(directory, 'logs'),
    log: (part: string) => join(directory, 'logs', `${part}.log`),
  };
}

export type LocalState = ReturnType<typeof localState>;

/** A path as `npm start` shows it: relative to the current directory, so that lines stay short. */
export const relativePath = (path: string): string => relative(process.cwd(), path);

/** Makes the directories, readable by their owner only; with `reset`, empty ones. */
export async function prepareLocalState(state: LocalState, reset: boolean): Promise<void> {
  if (reset) {
    await removePostgresData(state.postgresData);
    const { keys, logs, ports, codecServerToken, apiTokens } = state;
    for (const path of [keys, logs, ports, codecServerToken, apiTokens]) {
      await rm(path, { recursive: true, force: true });
    }
    for (const suffix of ['', '-wal', '-shm', '-journal']) {
      await rm(`${state.temporalDatabase}${suffix}`, { force: true });
    }
  }
  await mkdir(state.logs, { recursive: true });
}
