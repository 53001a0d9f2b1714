import type { KeyObject } from 'node:crypto';
import { openAesGcm, sealAesGcm } from '../crypto/aes-gcm.ts';
import type { Caller } from '../http/authenticate.ts';
import { ApiProblem } from './api-problem.ts';

/** The query that a cursor continues, and who asked it. */
type CursorOf = { route: string; query: object; caller: Caller };

export type Cursors = {
  seal(position: readonly string[], of: CursorOf): string;
  /** @throws ApiProblem for a cursor of another query, of another caller, or that was changed */
  open(cursor: string, of: CursorOf): string[];
};

/** Nobody can read, change or move a cursor to another query or caller. */
export const cursors = (key: KeyObject): Cursors => ({
  seal: (position, of) =>
    sealAesGcm(JSON.stringify(position), {
      key,
      context: contextOf(of),
    }).toString('base64url'),
  open(cursor, of) {
    try {
      const opened = openAesGcm(Buffer.from(cursor, 'base64url'), key, contextOf(of));
      return JSON.parse(opened.toString('utf8'));
    } catch {
      const detail =
        'it is of another query or caller, was changed, or the service has another secret since: begin again without it';
      throw new ApiProblem('invalid-cursor', { detail, errors: [{ field: 'cursor', detail }] });
    }
  },
});

/** The order of a query's fields does not count, and the size of a page may change. */
function contextOf({ route, query, caller }: CursorOf): string {
  const fields = Object.entries(query)
    .filter(([name, value]) => name !== 'cursor' && name !== 'limit' && value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(['api-cursor/1', route, fields, caller.by, caller.name]);
}
