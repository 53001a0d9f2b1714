import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { isRefusal } from '../errors/refused-credentials.ts';

type Credentials = Readonly<{
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}>;

/** The part that the clients of all AWS services share. */
type AwsClient = {
  config: { credentials(options?: { forceRefresh?: boolean }): Promise<Credentials> };
};

/** Many calls are refused at the same time: renew once for all of them. */
const MIN_INTERVAL_MS = 3_000;

/**
 * For the constructor of a client: the SDK's own chain of providers, which renews credentials five minutes before they
 * expire. By default the SDK reads the shared files once per process; `ignoreCache` makes it read them again.
 */
export const CREDENTIAL_FILES_READ_AGAIN = {
  credentialDefaultProvider: (init: object) => defaultProvider({ ...init, ignoreCache: true }),
};

/** Loads the credentials of a client again when a service refuses them. */
export class CredentialRenewal {
  readonly #client: AwsClient;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #renewing: Promise<unknown> = Promise.resolve();

  constructor(client: AwsClient) {
    this.#client = client;
  }

  /** @returns whether the client now has credentials other than `used`, so that the call is worth repeating */
  async after(error: unknown, used: Credentials | undefined): Promise<boolean> {
    if (used === undefined || !isRefusal(error)) return false;
    const isUsed = async () => same(used, await this.#client.config.credentials());
    try {
      if ((await isUsed()) && performance.now() - this.#startedAtMs > MIN_INTERVAL_MS) {
        this.#startedAtMs = performance.now();
        this.#renewing = this.#client.config.credentials({ forceRefresh: true });
      }
      await this.#renewing;
      return !(await isUsed());
    } catch {
      // A file may be half-written or a provider down. The caller reports the refusal, which says more.
      return false;
    }
  }
}

const same = (one: Credentials, other: Credentials): boolean =>
  one.accessKeyId === other.accessKeyId &&
  one.secretAccessKey === other.secretAccessKey &&
  one.sessionToken === other.sessionToken;

/** Middleware that repeats a refused call once, after its credentials were loaded again. */
export function repeatRefusedCalls(client: AwsClient) {
  const renewal = new CredentialRenewal(client);
  return <Args, Output>(next: (args: Args) => Promise<Output>) =>
    async (args: Args): Promise<Output> => {
      const used = await client.config.credentials().catch(() => undefined);
      try {
        return await next(args);
      } catch (error) {
        if (await renewal.after(error, used)) return next(args);
        throw error;
      }
    };
}
