import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { isReference, partId } from './part-reference.ts';
import type { JsonSealer, PartSealer } from './part-sealer.ts';
import type { Part } from './parts-payload.ts';

/** Characters of JSON that are kept, at most: some batches a lane. */
const MOST_CHARACTERS = 64 * 1024 * 1024;
/** Longer than a batch takes: what is left over is of steps that another worker does, or that wait for a server. */
const KEPT_MS = 10 * 60_000;

export type Execution = { workflowId: string; runId: string };

/** Finds a part among the results that a run's history holds. */
export type FindPart = (execution: Execution, id: string) => Promise<Uint8Array | undefined>;

export type PartCache = PartSealer & {
  /** This process: a step's result says who has its parts. */
  readonly holder: string;
  /** The step that needs them last is done. */
  release(...parts: Part<unknown>[]): void;
};

export class PartNotInHistory extends Error {
  override name = 'PartNotInHistory';
}

type Held = { value: unknown; characters: number; timer: NodeJS.Timeout };

/**
 * Keeps what this process has sealed, opened, until the steps of its batch are done: those that run in the same process
 * need not open it again, and their inputs need only name it. What is not here, since another process made it or had to
 * let it go, is read from the run's history.
 */
export function partCache(
  { sealJson, openJson }: JsonSealer,
  findPart: FindPart,
  mostCharacters = MOST_CHARACTERS,
): PartCache {
  const held = new Map<string, Held>();
  let total = 0;

  const drop = (id: string) => {
    const part = held.get(id);
    if (!part) return;
    clearTimeout(part.timer);
    total -= part.characters;
    held.delete(id);
  };
  const hold = (id: string, value: unknown, characters: number) => {
    const timer = setTimeout(() => drop(id), KEPT_MS).unref();
    held.set(id, { value, characters, timer });
    total += characters;
    for (const oldest of held.keys()) {
      if (total <= mostCharacters) break;
      drop(oldest);
    }
  };

  async function find(part: Uint8Array): Promise<Uint8Array> {
    const { workflowExecution } = Context.current().info;
    const found = workflowExecution && (await findPart(workflowExecution, partId(part)));
    if (!found) throw new PartNotInHistory('a part of a batch is not in the history of its run');
    return found;
  }

  return {
    holder: randomUUID(),
    async seal(value) {
      const json = JSON.stringify(value);
      const part = await sealJson(json);
      hold(partId(part), value, json.length);
      return part;
    },
    async open(part) {
      const id = partId(part);
      const here = held.get(id);
      if (here) return here.value as never;
      const json = await openJson(isReference(part) ? await find(part) : part);
      const value = JSON.parse(json);
      // Found once: a step that waits for a server is tried again and again.
      if (isReference(part)) hold(id, value, json.length);
      return value;
    },
    release: (...parts) => {
      for (const part of parts) drop(partId(part));
    },
  };
}
