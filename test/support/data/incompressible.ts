import { randomBytes } from 'node:crypto';

/** So many bytes of text that nothing makes smaller than three quarters of it. */
export const incompressible = (bytes: number): string =>
  randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes);
