import type { Logger } from 'pino';
import { Problem } from '../../errors/problem.ts';
import type { Dependency, Readiness } from './readiness.ts';

export type RefusalWatch = {
  /** Resolves with the reason once a part has refused the credentials for too long. */
  gaveUp: Promise<Problem>;
  hasGivenUp(): boolean;
  /** Set while a part refuses the credentials. */
  refused(): Problem | undefined;
  stop(): void;
};

type Options = {
  /** CREDENTIALS_REFUSED_EXIT_SECONDS */
  exitSeconds: number;
  /** Called before each check: renews credentials that the clients do not renew themselves. */
  renew(): Promise<void>;
  /** Whether Temporal may be unreachable because its certificates were replaced, which only a restart reads. */
  tlsFilesReplaced?: (() => boolean) | undefined;
  logger: Logger;
};

const CHECK_EVERY_MS = 10_000;
/** Checks before the watch gives up, however short the time is. */
const MIN_CHECKS = 4;

/** The settings that each part's credentials come from. */
const SETTINGS: Readonly<Record<Dependency, string>> = {
  temporal:
    'TEMPORAL_API_KEY (or TEMPORAL_API_KEY_FILE), or the TLS files (TEMPORAL_TLS_…_PATH), which are read at the start',
  postgres: 'the user and password in DATABASE_URL (or DATABASE_URL_FILE, PGPASSWORD_FILE)',
  queue:
    'the AWS credentials (AWS_ACCESS_KEY_ID, a profile, a web identity or a role) and the policy of the queue',
};

const NAMES: Readonly<Record<Dependency, string>> = {
  temporal: 'Temporal',
  postgres: 'Postgres',
  queue: 'SQS',
};

/** Checks regularly whether a part refuses the credentials, and gives up when it has done so for too long. */
export function watchRefusals(
  readiness: Readiness,
  { exitSeconds, renew, tlsFilesReplaced, logger }: Options,
): RefusalWatch {
  const { promise: gaveUp, resolve } = Promise.withResolvers<Problem>();
  const refusedSinceMs = new Map<Dependency, number>();
  let givenUp = false;

  function note(dependency: Dependency, isRefused: boolean): void {
    const since = refusedSinceMs.get(dependency);
    if (!isRefused) {
      if (since !== undefined) logger.info({ dependency }, 'credentials are accepted again');
      refusedSinceMs.delete(dependency);
    } else if (since === undefined) {
      refusedSinceMs.set(dependency, performance.now());
      logger.warn(
        { dependency, exitInSeconds: exitSeconds },
        `credentials are refused: renew ${SETTINGS[dependency]}`,
      );
    } else if (performance.now() - since > exitSeconds * 1_000) {
      givenUp = true;
      resolve(
        refusedBy(dependency, `for more than ${exitSeconds} s (CREDENTIALS_REFUSED_EXIT_SECONDS)`),
      );
    }
  }

  async function check(): Promise<void> {
    await renew();
    for (const [dependency, state] of Object.entries(await readiness())) {
      const isStale = dependency === 'temporal' && state === 'unreachable' && tlsFilesReplaced?.();
      // An unreachable part does not show whether the credentials are accepted.
      if (isStale || state !== 'unreachable') note(dependency as Dependency, state !== 'ok');
    }
  }
  const everyMs = Math.min(CHECK_EVERY_MS, (exitSeconds * 1_000) / MIN_CHECKS);
  const timer = setInterval(() => {
    check().catch(() => logger.warn('the API key for Temporal could not be renewed'));
  }, everyMs);
  return {
    gaveUp,
    hasGivenUp: () => givenUp,
    refused: () => {
      const [dependency] = refusedSinceMs.keys();
      return dependency && refusedBy(dependency, 'until it stopped polling');
    },
    stop: () => clearInterval(timer),
  };
}

const refusedBy = (dependency: Dependency, howLong: string): Problem =>
  new Problem(
    'the worker stopped',
    `${NAMES[dependency]} has refused its credentials ${howLong}`,
    `Renew ${SETTINGS[dependency]}.`,
  );
