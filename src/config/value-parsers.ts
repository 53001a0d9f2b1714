import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { type Parse, Wrong } from './declare-section.ts';
import { ADDRESS_RULE, type HostAndPort, parseHostAndPort } from './host-and-port.ts';
import { cannotBeRead, readTextFile } from './read-secret-file.ts';

/** Any one line of text. */
export const line: Parse<string> = (text) =>
  /\p{Cc}/u.test(text) ? new Wrong('must be one line, without control characters') : text;

/** The whole text matches. */
export const matching =
  (pattern: RegExp, shape: string): Parse<string> =>
  (text) =>
    pattern.test(text) ? text : new Wrong(`must be ${shape}`);

export const wholeNumber =
  (min: number, max: number): Parse<number> =>
  (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max
      ? number
      : new Wrong(`must be a whole number from ${min} to ${max}`);
  };

export const oneOf =
  <const T extends string>(...values: T[]): Parse<T> =>
  (text) =>
    values.find((value) => value === text) ?? new Wrong(`must be one of ${values.join(', ')}`);

export const flag: Parse<boolean> = (text) =>
  text === 'true' || (text === 'false' ? false : new Wrong('must be true or false'));

export const httpUrl: Parse<string> = (text) =>
  URL.canParse(text) && /^https?:\/\/[^\s]+$/i.test(text)
    ? text
    : new Wrong('is not an http(s) URL');

export const day: Parse<Date> = (text) => {
  const date = new Date(`${text}T00:00:00Z`);
  // Date parses 2026-02-30 as March 2.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${text}T`)
    ? date
    : new Wrong('must be a day, such as 2026-11-01');
};

/** With `minPort` 0, the system may choose the port of a server that says which one it got. */
export const address =
  (example: string, minPort: 0 | 1 = 1): Parse<HostAndPort> =>
  (text) =>
    parseHostAndPort(text, { minPort }) ??
    new Wrong(`must be an address, such as ${example}: ${ADDRESS_RULE}`);

/** For settings whose reader does not resolve names. */
export const ipAddress =
  (example: string): Parse<HostAndPort> =>
  (text) => {
    const parsed = parseHostAndPort(text);
    return parsed && isIP(parsed.host) !== 0
      ? parsed
      : new Wrong(
          `must be an IP address and a port from 1 to 65535, such as ${example}, with IPv6 in brackets`,
        );
  };

export const readableFile: Parse<string> = (path) => {
  try {
    accessSync(path, constants.R_OK);
    return path;
  } catch (error) {
    return new Wrong(cannotBeRead(error));
  }
};

export const certificate: Parse<string> = (pem) => {
  try {
    void new X509Certificate(pem);
    return pem;
  } catch {
    return new Wrong('is not a certificate in PEM form');
  }
};

export const privateKey: Parse<string> = (pem) => {
  try {
    createPrivateKey(pem);
    return pem;
  } catch {
    return new Wrong('is not a private key in PEM form, without a passphrase');
  }
};

/** The content of the file with this path. */
export const fileWith =
  (parse: Parse<string>): Parse<string> =>
  (path) => {
    let text: string;
    try {
      text = readTextFile(path);
    } catch (error) {
      return new Wrong(cannotBeRead(error));
    }
    const parsed = parse(text);
    return parsed instanceof Wrong
      ? new Wrong(...parsed.problems.map((problem) => `names a file that ${problem}`))
      : parsed;
  };
