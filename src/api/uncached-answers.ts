import type { Pool, PoolClient } from 'pg';
import type { DayRange } from '../postgres/reads/login-filter.ts';
import { readSnapshot } from '../postgres/reads/read-snapshot.ts';

export type Question = {
  route: string;
  /** What makes the same query another one for another caller, such as its scopes. */
  view: object;
  query: object;
  /** The logins that the answer is about; `sums` if it comes from sums of all of them. */
  about:
    | (DayRange & {
        user?: string | undefined;
        maskedDevice?: string | undefined;
        maskedIp?: string | undefined;
      })
    | 'sums';
};

/** An object in JSON, and the place where the next page begins. */
export type Answer = { body: string; last?: readonly string[] | undefined };

export type AnswerSource = 'memory' | 'redis' | 'database' | 'bypass';

export type Answers = {
  /** @param read reads the answer from one snapshot */
  answer(
    question: Question,
    read: (client: PoolClient) => Promise<Answer>,
  ): Promise<Answer & { from: AnswerSource }>;
};

/** Reads each answer from the database. */
export const uncachedAnswers = (pool: Pool): Answers => ({
  async answer(_question, read) {
    const { value } = await readSnapshot(pool, read);
    return { ...value, from: 'database' };
  },
});
