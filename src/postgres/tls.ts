import pg, { type ClientBase } from 'pg';
import { NO_TLS, PostgresTlsError } from '../errors/postgres-tls-error.ts';

const UNTRUSTED = /^(ERR_TLS_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH)/;

function withReason(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.message === 'The server does not support SSL connections') {
    return new PostgresTlsError(NO_TLS);
  }
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && UNTRUSTED.test(code) ? new PostgresTlsError(code) : error;
}

type Connected = (error: Error | null, client?: ClientBase) => void;

/** Tells trouble with TLS from other trouble. */
export class TlsClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    if (!callback) {
      return super.connect().catch((error: unknown) => {
        throw withReason(error);
      });
    }
    super.connect((error: Error | null) => {
      if (error) callback(withReason(error) as Error);
      else callback(null, this);
    });
    return undefined;
  }
}
