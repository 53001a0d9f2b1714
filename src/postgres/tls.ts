import pg, { type ClientBase, type ClientConfig, type PoolConfig } from 'pg';
import { NO_TLS, PostgresTlsError } from '../errors/postgres-tls-error.ts';
import { Problem } from '../errors/problem.ts';
import { chooseHost, type SeveralHosts } from './choose-host.ts';

export type PostgresSettings = PoolConfig & {
  /** Replaces `host` and `port` when there are several hosts or `target_session_attrs` is set. */
  choice?: SeveralHosts;
  /** Read for each connection, since a file may have been replaced. */
  current?(): Pick<ClientConfig, 'user' | 'password' | 'ssl'>;
};

const UNTRUSTED = /^(ERR_TLS_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH)/;

function withReason(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.message === 'The server does not support SSL connections') {
    return new PostgresTlsError(NO_TLS);
  }
  // The driver's own error, which has no code.
  if (/^SASL: .* client password must be/.test(error.message)) {
    return new Problem(
      'Postgres cannot be used',
      'the server asks for a password, and none is set',
      'Set it in DATABASE_URL, PGPASSWORD or PGPASSWORD_FILE.',
    );
  }
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && UNTRUSTED.test(code) ? new PostgresTlsError(code) : error;
}

type Connected = (error: Error | null, client?: ClientBase) => void;

/** Chooses among several hosts, and distinguishes TLS errors from other errors. */
export class TlsClient extends pg.Client {
  readonly #config: PostgresSettings;

  constructor(settings: PostgresSettings = {}) {
    const { password, current } = settings;
    // The pool makes the password non-enumerable, so a spread does not copy it.
    const config = { ...settings, ...(password && { password }), ...current?.() };
    super(config);
    this.#config = config;
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    if (!callback) {
      return super.connect().catch((error: unknown) => {
        throw withReason(error);
      });
    }
    const connected = (error: Error | null) => {
      if (error) callback(withReason(error) as Error);
      else callback(null, this);
    };
    const { choice, ...config } = this.#config;
    if (!choice) {
      super.connect(connected);
      return undefined;
    }
    chooseHost(config, choice).then((chosen) => {
      Object.assign(this, chosen);
      super.connect(connected);
    }, connected);
    return undefined;
  }
}
