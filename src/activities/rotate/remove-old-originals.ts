import type { Pool } from 'pg';
import type { Masker } from '../../domain/login/masking.ts';
import type {
  RemoveDataKeysRequest,
  RemoveDataKeysResult,
  RemoveRequest,
  RemoveResult,
  SetAsideRequest,
  SetAsideResult,
} from '../../domain/rotation/rotation.ts';
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
  /** The masker of the active key. */
  masker: Masker;
}) => ({
  /**
   * Sets aside the next originals of old keys. After the last ones it waits for the inserts in progress, which may have
   * seen them in the vault, so that the next pass finds the rows of these inserts.
   */
  setOriginalsAside: (request: SetAsideRequest): Promise<SetAsideResult> =>
    withHeartbeat('setOriginalsAside', async () => {
      const result = await setOriginalsAside(pool, request, stepOf(request, masker));
      if (result.next === undefined) await awaitInserts(pool);
      return result;
    }),

  /** Removes originals that are still set aside after a pass. */
  removeOriginals: (request: RemoveRequest): Promise<RemoveResult> =>
    withHeartbeat('removeOriginals', () => removeSetAside(pool, request, stepOf(request, masker))),

  removeDataKeys: (request: RemoveDataKeysRequest): Promise<RemoveDataKeysResult> =>
    withHeartbeat('removeDataKeys', () => removeDataKeys(pool, request, stepOf(request, masker))),
});
