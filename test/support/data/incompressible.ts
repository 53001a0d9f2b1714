import { randomBytes } from 'node:crypto';

/** Random base64 text of this many bytes: no compression saves more than a quarter. */
export const incompressible = (bytes: number): string =>
  randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes);
