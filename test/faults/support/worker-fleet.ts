import { untilRunning, type WorkerProcess } from '../../support/worker-process.ts';
import type { FaultStack, Ways } from './fault-stack.ts';

/** The delay of the servers. A batch takes most of a second, so that faults can fall into each step. */
const DISTANCE_MS = 15;

/** A worker, and its proxies. */
export type Member = { worker: WorkerProcess; ways: Ways };

/** Keeps this many workers on the task queue, as a deployment does, and replaces each that ends. */
export class WorkerFleet {
  readonly #stack: FaultStack;
  readonly #members: Member[] = [];

  constructor(stack: FaultStack) {
    this.#stack = stack;
  }

  async start(size: number): Promise<void> {
    this.#members.push(...(await Promise.all(Array.from({ length: size }, () => this.#launch()))));
  }

  /** SIGKILL; resolves when its replacement runs. */
  async kill(index: number): Promise<void> {
    await this.#at(index).worker.kill();
    this.#members[index] = await this.#launch();
  }

  /** Starts a replacement first, as a rolling deploy does. @returns the worker to stop */
  async replace(index: number): Promise<Member> {
    const leaving = this.#at(index);
    this.#members[index] = await this.#launch();
    return leaving;
  }

  /** Stops a worker, and then starts another. */
  async restart(index: number, stop: (member: Member) => Promise<void>): Promise<void> {
    await stop(this.#at(index));
    this.#members[index] = await this.#launch();
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#members.splice(0).map(({ worker }) => worker.kill()));
  }

  async #launch(): Promise<Member> {
    const ways = await this.#stack.proxied();
    ways.postgres.delay(DISTANCE_MS);
    ways.temporal.delay(DISTANCE_MS);
    return { ways, worker: await untilRunning(await this.#stack.launchWorker(ways.env)) };
  }

  #at = (index: number): Member => this.#members[index] as Member;
}
