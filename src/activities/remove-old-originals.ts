import type { Pool } from 'pg';
import type {
  RemoveDataKeysRequest,
  RemoveDataKeysResult,
  RemoveRequest,
  RemoveResult,
  SetAsideRequest,
  SetAsideResult,
} from '../domain/rotation.ts';
import { awaitInserts } from '../postgres/await-inserts.ts';
import { removeDataKeys, removeSetAside } from '../postgres/remove-set-aside.ts';
import { setOriginalsAside } from '../postgres/set-originals-aside.ts';
import { guarded } from './guarded.ts';

export const createRemoveOldOriginalsActivities = ({ pool }: { pool: Pool }) => ({
  /**
   * Sets aside the next originals of old keys. With the last of them it waits for the inserts under way, which may
   * have seen them in the vault: the next pass is to find the rows of these.
   */
  setOriginalsAside: (request: SetAsideRequest): Promise<SetAsideResult> =>
    guarded('setOriginalsAside', async () => {
      const result = await setOriginalsAside(pool, request);
      if (result.next === undefined) await awaitInserts(pool);
      return result;
    }),

  /** Removes originals that are still set aside after such a pass. */
  removeOriginals: (request: RemoveRequest): Promise<RemoveResult> =>
    guarded('removeOriginals', () => removeSetAside(pool, request)),

  removeDataKeys: (request: RemoveDataKeysRequest): Promise<RemoveDataKeysResult> =>
    guarded('removeDataKeys', () => removeDataKeys(pool, request)),
});
