import type { Pool } from 'pg';
import type { Masker } from '../../domain/login/masking.ts';
import type {
  RemoveDataKeysRequest,
  RemoveDataKeysResult,
  RemoveRequest,
  RemoveResult,
  SetAsideRequest,
  SetAsideResult,
} from '../../domain/rotation.ts';
import { awaitInserts } from '../../postgres/ingest/await-inserts.ts';
import { removeDataKeys, removeSetAside } from '../../postgres/vault/remove-set-aside.ts';
import { setOriginalsAside } from '../../postgres/vault/set-originals-aside.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { stepOf } from './rotation-step.ts';

export const createRemoveOldOriginalsActivities = ({
  pool,
  masker,
}: {
  pool: Pool;
  /** Of the active key. */
  masker: Masker;
}) => ({
  /**
   * Sets aside the next originals of old keys. With the last of them it waits for the inserts under way, which may
   * have seen them in the vault: the next pass is to find the rows of these.
   */
  setOriginalsAside: (request: SetAsideRequest): Promise<SetAsideResult> =>
    withHeartbeat('setOriginalsAside', async () => {
      const result = await setOriginalsAside(pool, request, stepOf(request, masker));
      if (result.next === undefined) await awaitInserts(pool);
      return result;
    }),

  /** Removes originals that are still set aside after such a pass. */
  removeOriginals: (request: RemoveRequest): Promise<RemoveResult> =>
    withHeartbeat('removeOriginals', () => removeSetAside(pool, request, stepOf(request, masker))),

  removeDataKeys: (request: RemoveDataKeysRequest): Promise<RemoveDataKeysResult> =>
    withHeartbeat('removeDataKeys', () => removeDataKeys(pool, request, stepOf(request, masker))),
});
