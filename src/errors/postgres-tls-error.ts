export const NO_TLS = 'NO_TLS';

/** The server has no TLS or an untrusted certificate. Nothing was sent to it. */
export class PostgresTlsError extends Error {
  override name = 'PostgresTlsError';
  readonly code: string;
  constructor(code: string) {
    super(`no trusted TLS with Postgres (${code})`);
    this.code = code;
  }
  get why(): string {
    return this.code === NO_TLS
      ? 'the server speaks no TLS, which is needed for every host but this machine'
      : `the server's certificate cannot be trusted (${this.code})`;
  }
  get whatToDo(): string {
    return this.code === NO_TLS
      ? 'Switch TLS on at the server, or accept plain connections: PGSSLMODE=disable, or ?sslmode=disable in DATABASE_URL.'
      : 'Name the CA that signed it: PGSSLROOTCERT=FILE, or ?sslrootcert=FILE in DATABASE_URL. The host has to be one that the certificate names.';
  }
}
