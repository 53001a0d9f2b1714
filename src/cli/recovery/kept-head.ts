import { readFile } from 'node:fs/promises';
import type { SealedJournal } from '../../crypto/vault/seal-journal.ts';
import { Problem } from '../../errors/problem.ts';
import { readInput } from '../terminal/read-input.ts';

/** What `login-etl audit head --json` prints, to be kept outside the database. */
export type KeptHead = {
  sequence: string;
  hash: string;
  /** When its record was written; null for an empty log. */
  at: string | null;
  takenAt: string;
  backup?: string;
  journal?: SealedJournal;
};

const HASH = /^[0-9a-f]{64}$/i;

/** @param path `-` for standard input @throws Problem */
export async function readKeptHead(path: string): Promise<KeptHead> {
  const text = await (path === '-' ? readInput() : readFile(path, 'utf8')).catch(
    (error: NodeJS.ErrnoException) => {
      throw notRead(`${path} cannot be read (${error.code})`);
    },
  );
  const head = parse(text);
  if (head) return head;
  throw notRead(`${path === '-' ? 'standard input' : path} does not contain one`);
}

function parse(text: string): KeptHead | undefined {
  try {
    const head = JSON.parse(text) as KeptHead;
    const isHead = HASH.test(head.hash) && /^\d{1,18}$/.test(head.sequence);
    return isHead && !Number.isNaN(Date.parse(head.takenAt))
      ? { ...head, hash: head.hash.toLowerCase() }
      : undefined;
  } catch {
    return undefined;
  }
}

const notRead = (why: string) =>
  new Problem(
    'the head of the audit log was not read',
    why,
    'Name a file that `login-etl audit head --json` has written, or - for standard input.',
  );
