/** Temporal's routing of new runs on our task queue, and the workers that poll it. */
export type VersionRouting = {
  /** The version that new runs go to; undefined: to workers without versioning. */
  current: string | undefined;
  /** The versions of the workers that poll; undefined for those without versioning. */
  polling: readonly (string | undefined)[];
};

/**
 * Why no worker takes new runs although some poll: Temporal lets the runs wait, and reports nothing. Undefined when there
 * is such a worker, or none at all.
 */
export function whyRunsWait({ current, polling }: VersionRouting): string | undefined {
  if (polling.length === 0 || polling.includes(current)) return undefined;
  if (current === undefined) {
    return `no version is current, and all workers have one (${list(polling)}): new runs wait`;
  }
  return `${current} is the current version, and no worker of it polls (${list(polling)}): new runs wait`;
}

const list = (versions: readonly (string | undefined)[]): string =>
  [...new Set(versions.map((version) => version ?? 'without versioning'))].sort().join(', ');

export const SET_CURRENT =
  'Let new runs go to a build whose workers poll: `login-etl deployment set-current --build-id …`.';
