import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { isReference, type JsonSealer, type Part, type PartSealer, partId } from './part.ts';

/** Characters of JSON: some batches a lane. */
const MAX_CHARACTERS = 64 * 1024 * 1024;
/** Longer than a batch takes. What is older belongs to steps that another worker does, or that wait for a server. */
const KEPT_MS = 10 * 60_000;

export type Execution = { workflowId: string; runId: string };

/** Finds a part among the results that a run's history holds. */
export type FindPart = (execution: Execution, id: string) => Promise<Uint8Array | undefined>;

export type PartCache = PartSealer & {
  /** Identifies this process: each step's result names the one that has its parts. */
  readonly holder: string;
  /** Seals without caching; `keep` caches the part. */
  draft<T>(value: T): Promise<{ part: Part<T>; keep(): void }>;
  release(parts: readonly Part<unknown>[]): void;
};

export class PartNotInHistory extends Error {
  override name = 'PartNotInHistory';
}

type Held = { value: unknown; characters: number; timer: NodeJS.Timeout };

/**
 * Keeps what this process sealed, opened, until the last step that needs it is done: the next steps need not open it
 * again, and their inputs need only refer to it. What is not here, because another process made it or this one had to let it go,
 * comes from the run's history.
 */
export function partCache(
  { sealJson, openJson }: JsonSealer,
  findPart: FindPart,
  maxCharacters = MAX_CHARACTERS,
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
      if (total <= maxCharacters) break;
      drop(oldest);
    }
  };

  async function find(part: Uint8Array): Promise<Uint8Array> {
    const { workflowExecution } = Context.current().info;
    const found = workflowExecution && (await findPart(workflowExecution, partId(part)));
    if (!found) throw new PartNotInHistory('a part of a batch is not in the history of its run');
    return found;
  }

  const draft: PartCache['draft'] = async (value) => {
    const json = JSON.stringify(value);
    const part = await sealJson(json);
    return { part, keep: () => hold(partId(part), value, json.length) };
  };

  return {
    holder: randomUUID(),
    draft,
    async seal(value) {
      const { part, keep } = await draft(value);
      keep();
      return part;
    },
    async open(part) {
      const id = partId(part);
      const here = held.get(id);
      if (here) return here.value as never;
      const json = await openJson(isReference(part) ? await find(part) : part);
      const value = JSON.parse(json);
      // A step that waits for a server is tried again and again, and should read the history once.
      if (isReference(part)) hold(id, value, json.length);
      return value;
    },
    release: (parts) => {
      for (const part of parts) drop(partId(part));
    },
  };
}
