type Part = { name: string; stop: () => Promise<void> };

/**
 * What was started, so that it can be stopped: the last first. A part that comes up after the stop began, since
 * it was in the middle of starting, is stopped at once.
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

  /** The worker first, since it talks to the others; these go side by side. */
  async #stopInReverse(): Promise<void> {
    const worker = this.#parts.filter(({ name }) => name === 'worker');
    const servers = this.#parts.filter(({ name }) => name !== 'worker');
    for (const group of [worker, servers]) {
      await Promise.allSettled(group.map(({ stop }) => stop()));
    }
  }
}
