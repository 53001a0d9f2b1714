import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { SHUTTING_DOWN } from '../domain/names.ts';

/** Longer than it takes from the end of one step of a batch to the beginning of the next. */
const QUIET_MS = 750;
const LOOK_EVERY_MS = 50;

/**
 * Which activities a worker has in hand, so that one that shuts down can bring its batches to their end: it
 * receives nothing more, but goes on masking, inserting and acknowledging until nothing comes any more.
 */
export class ActivityLoad {
  #running = 0;
  #lastWorkAt = Number.NEGATIVE_INFINITY;

  readonly interceptor: ActivityInboundCallsInterceptor = {
    execute: async (input, next) => {
      this.#running += 1;
      let refused = false;
      try {
        return await next(input);
      } catch (error) {
        refused = error instanceof ApplicationFailure && error.type === SHUTTING_DOWN;
        throw error;
      } finally {
        this.#running -= 1;
        if (!refused) this.#lastWorkAt = performance.now();
      }
    },
  };

  /** Resolves when there is no work and none has come for a moment, or when the time is over. */
  async quiet(atMostMs: number): Promise<void> {
    const deadline = performance.now() + atMostMs;
    while (this.#busy() && performance.now() < deadline) await delay(LOOK_EVERY_MS);
  }

  #busy(): boolean {
    return this.#running > 0 || performance.now() - this.#lastWorkAt < QUIET_MS;
  }
}
