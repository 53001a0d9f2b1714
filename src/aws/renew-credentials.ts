import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { isRefusal } from '../errors/refused-credentials.ts';

type Credentials = Readonly<{
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}>;

/** What the clients of all services have in common. */
type AwsClient = {
  config: { credentials(options?: { forceRefresh?: boolean }): Promise<Credentials> };
};

/** Refused calls come in crowds. */
const AT_MOST_EVERY_MS = 3_000;

/**
 * For the constructor of a client: the SDK's own chain of providers, which renews credentials five minutes before they
 * expire. The SDK keeps the shared files in memory for as long as the process lives, unless it is told to ignore that.
 */
export const CREDENTIAL_FILES_READ_AGAIN = {
  credentialDefaultProvider: (init: object) => defaultProvider({ ...init, ignoreCache: true }),
};

/** Resolves the credentials of a client again when a service refuses them. */
export class CredentialRenewal {
  readonly #client: AwsClient;
  #begunAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(client: AwsClient) {
    this.#client = client;
  }

  /** @returns whether the client now has other credentials than those that were used, so that the call may be repeated */
  async after(error: unknown, used: Credentials | undefined): Promise<boolean> {
    if (used === undefined || !isRefusal(error)) return false;
    const isUsed = async () => same(used, await this.#client.config.credentials());
    try {
      if ((await isUsed()) && performance.now() - this.#begunAtMs > AT_MOST_EVERY_MS) {
        this.#begunAtMs = performance.now();
        this.#underWay = this.#client.config.credentials({ forceRefresh: true });
      }
      await this.#underWay;
      return !(await isUsed());
    } catch {
      // A file may be half-written, or a provider out of order: the refusal says more.
      return false;
    }
  }
}

const same = (one: Credentials, other: Credentials): boolean =>
  one.accessKeyId === other.accessKeyId &&
  one.secretAccessKey === other.secretAccessKey &&
  one.sessionToken === other.sessionToken;

/** Middleware that repeats a client's refused calls, once, with credentials that were resolved again. */
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
