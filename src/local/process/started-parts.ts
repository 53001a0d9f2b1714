type Part = { name: string; stop: () => Promise<void> };

/**
 * Keeps track of the started parts in order to stop them. A part that was still starting when the stop began is stopped
 * as soon as it is up.
 */
export class StartedParts {
  readonly #parts: Part[] = [];
  #stopping: Promise<void> | undefined;

  async add(name: string, stop: () => Promise<void>): Promise<void> {
    if (this.#stopping) {
      await stop();
      throw new DOMException(`stopped while ${name} was starting`, 'AbortError');
    }
    this.#parts.push({ name, stop });
  }

  stopAll(): Promise<void> {
    this.#stopping ??= this.#stopInReverse();
    return this.#stopping;
  }

  /** Stops the worker first, since it uses the servers, then all servers concurrently. */
  async #stopInReverse(): Promise<void> {
    const worker = this.#parts.filter(({ name }) => name === 'worker');
    const servers = this.#parts.filter(({ name }) => name !== 'worker');
    for (const group of [worker, servers]) {
      await Promise.allSettled(group.map(({ stop }) => stop()));
    }
  }
}
