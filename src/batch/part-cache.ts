import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import {
  isBound,
  isReference,
  type JsonSealer,
  type Owner,
  type Part,
  type PartIdentity,
  type PartKind,
  partId,
  type SealPart,
} from './part.ts';

/** Characters of JSON: some batches a lane. */
const MAX_CHARACTERS = 64 * 1024 * 1024;
/** Longer than a batch takes. Older parts belong to steps that another worker runs or that wait for a server. */
const KEPT_MS = 10 * 60_000;

type Execution = { workflowId: string; runId: string };

/** Finds a part among the results that a run's history holds. */
export type FindPart = (execution: Execution, id: string) => Promise<Uint8Array | undefined>;

/** `batch` is undefined for parts of builds before 0.4. */
type OpenedPart<T> = { value: T; batch: string | undefined };

export type PartCache = {
  /** Identifies this process: the result of each step names the process that caches its parts. */
  readonly holder: string;
  /** Like all functions here, works for the workflow of the current activity. */
  seal: SealPart;
  /** Seals without caching; `keep` caches the part. */
  draft<T>(identity: PartIdentity, value: T): Promise<{ part: Part<T>; keep(): void }>;
  /** @throws PartRefused when it is not of this kind and workflow */
  open<T>(kind: PartKind, part: Part<T>): Promise<OpenedPart<T>>;
  release(parts: readonly Part<unknown>[]): void;
};

type PartCacheOptions = {
  maxCharacters?: number;
  /** Parts of builds before 0.4 open only in steps that were scheduled before this time. */
  unboundUntilMs?: number;
};

export class PartNotInHistory extends Error {
  override name = 'PartNotInHistory';
}

export class PartRefused extends Error {
  override name = 'PartRefused';
}

type Held = Owner & {
  identity: PartIdentity | undefined;
  value: unknown;
  characters: number;
  timer: NodeJS.Timeout;
};

/**
 * Caches the opened values of the parts that this process sealed, until the last step that needs them is done: later
 * steps need not open them again, and their inputs only need references. Parts that are not cached, because another
 * process sealed them or this one dropped them, come from the run's history.
 */
export function partCache(
  { sealJson, openJson }: JsonSealer,
  findPart: FindPart,
  { maxCharacters = MAX_CHARACTERS, unboundUntilMs = 0 }: PartCacheOptions = {},
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
  const hold = (id: string, entry: Omit<Held, 'timer'>) => {
    drop(id);
    const timer = setTimeout(() => drop(id), KEPT_MS).unref();
    held.set(id, { ...entry, timer });
    total += entry.characters;
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

  const draft: PartCache['draft'] = async (identity, value) => {
    const owner = currentOwner();
    const json = JSON.stringify(value);
    const part = await sealJson(owner, identity, json);
    const entry = { ...owner, identity, value, characters: json.length };
    return { part, keep: () => hold(partId(part), entry) };
  };

  async function read(owner: Owner, part: Uint8Array): Promise<Omit<Held, 'timer'>> {
    const id = partId(part);
    const here = held.get(id);
    if (here) return here;
    const { json, identity } = await openJson(owner, isReference(part) ? await find(part) : part);
    const entry = { ...owner, identity, value: JSON.parse(json), characters: json.length };
    // A step that waits for a server is retried many times, but should read the history only once.
    if (isReference(part)) hold(id, entry);
    return entry;
  }

  return {
    holder: randomUUID(),
    draft,
    async seal(identity, value) {
      const { part, keep } = await draft(identity, value);
      keep();
      return part;
    },
    async open(kind, part) {
      const owner = currentOwner();
      if (!isBound(part) && Context.current().info.scheduledTimestampMs >= unboundUntilMs) {
        throw new PartRefused('a part of a batch was sealed by an earlier build');
      }
      const { workflowId, namespace, identity, value } = await read(owner, part);
      const isOurs = workflowId === owner.workflowId && namespace === owner.namespace;
      if (!isOurs || (identity && identity.kind !== kind) || (isBound(part) && !identity)) {
        throw new PartRefused('a part of a batch is of another workflow or another kind');
      }
      return { value: value as never, batch: identity?.batch };
    },
    release: (parts) => {
      for (const part of parts) drop(partId(part));
    },
  };
}

function currentOwner(): Owner {
  const { activityNamespace: namespace, workflowExecution } = Context.current().info;
  if (!workflowExecution) throw new PartRefused('this step belongs to no workflow');
  return { namespace, workflowId: workflowExecution.workflowId };
}
