import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { SHUTTING_DOWN } from '../domain/names.ts';

/** Longer than it takes from the end of one step of a batch to the beginning of the next. */
const IDLE_MS = 750;
const POLL_INTERVAL_MS = 50;

/**
 * Tracks the activities that a worker is running, so that a worker that shuts down can finish its batches: it receives
 * no more messages, but masks, inserts and acknowledges until no more tasks arrive.
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

  /** Resolves when no activity has run for a moment, or after the timeout. */
  async idle(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#busy() && performance.now() < deadline) await delay(POLL_INTERVAL_MS);
  }

  #busy(): boolean {
    return this.#running > 0 || performance.now() - this.#lastWorkAt < IDLE_MS;
  }
}
