import { hash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

/** Takes the same time whatever the difference, lengths included. */
export const isSameToken = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

/**
 * Finds the token that was given; compares it with all of them.
 * @param tokens the same array while they are the same
 */
export function tokenFinder<T extends { secret: string }>(
  tokens: () => readonly T[],
): (given: string) => T | undefined {
  let known: readonly T[] = [];
  let digests: { token: T; digest: Buffer }[] = [];
  return (given) => {
    const current = tokens();
    if (current !== known) {
      digests = current.map((token) => ({ token, digest: digest(token.secret) }));
      known = current;
    }
    const sought = digest(given);
    return digests.filter((each) => timingSafeEqual(each.digest, sought))[0]?.token;
  };
}
