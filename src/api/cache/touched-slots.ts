import type { LoginChange } from '../../postgres/reads/follow-changes.ts';
import type { PgSnapshot } from './pg-snapshot.ts';

/** As many as 20 bits have: see 0027_login_changes.sql. */
const SLOTS = 2 ** 20;
const SLOT_KINDS = ['users', 'devices', 'ips'] as const;
type SlotKind = (typeof SLOT_KINDS)[number];

/**
 * What an answer is about. A row belongs to it only if it has all of these, so that the answer is still right as long as one
 * of them has not changed.
 */
export type Scope =
  | ({ days: readonly [from: string, to: string] } & Partial<Record<SlotKind, number>>)
  | 'sums';

/** Changes of a transaction that began this long ago may still be compared with a kept answer. */
const REMEMBER_MS = 15 * 60_000;

/** The last transaction that changed each account, device, address and day, as far as one process has seen them. */
export class TouchedSlots {
  readonly #slots: Record<SlotKind, Float64Array> = {
    users: new Float64Array(SLOTS),
    devices: new Float64Array(SLOTS),
    ips: new Float64Array(SLOTS),
  };
  /** By transactions that did not say which. */
  readonly #any: Record<SlotKind | 'days', number> = { users: 0, devices: 0, ips: 0, days: 0 };
  readonly #days = new Map<string, number>();
  readonly #seenAtMs = new Map<number, number>();
  #summedUp = 0;
  #everything: number;

  /** @param xid answers that do not see every transaction up to this one are not right */
  constructor(xid: number) {
    this.#everything = xid;
  }

  touchEverything(xid: number): void {
    this.#everything = Math.max(this.#everything, xid);
  }

  summedUp(xid: number): void {
    if (xid === this.#summedUp) return;
    this.#summedUp = xid;
    this.#seenAtMs.set(xid, performance.now());
  }

  record({ xid, days, purge, ...slots }: LoginChange): void {
    if (purge) {
      this.touchEverything(xid);
      return;
    }
    this.#seenAtMs.set(xid, performance.now());
    if (!days) this.#any.days = Math.max(this.#any.days, xid);
    for (const day of days ?? []) this.#days.set(day, Math.max(this.#days.get(day) ?? 0, xid));
    for (const kind of SLOT_KINDS) {
      const touched = this.#slots[kind];
      const changed = slots[kind];
      if (!changed) this.#any[kind] = Math.max(this.#any[kind], xid);
      for (const slot of changed ?? []) {
        if (xid > (touched[slot] ?? 0)) touched[slot] = xid;
      }
    }
  }

  /** Forgets transactions that no kept answer is compared with any more. */
  forgetOld(): void {
    const before = performance.now() - REMEMBER_MS;
    for (const [xid, at] of this.#seenAtMs) {
      if (at > before) return;
      this.#seenAtMs.delete(xid);
    }
  }

  /** Whether no change that was seen so far is missing from an answer that was read from this snapshot. */
  isRight(scope: Scope, snapshot: PgSnapshot): boolean {
    if (snapshot.xmin <= this.#everything) return false;
    if (scope === 'sums') return this.#includes(snapshot, this.#summedUp);
    const { days, ...slots } = scope;
    for (const kind of SLOT_KINDS) {
      const slot = slots[kind];
      if (slot === undefined) continue;
      const last = Math.max(this.#slots[kind][slot] ?? 0, this.#any[kind]);
      if (this.#includes(snapshot, last)) return true;
    }
    return this.#includes(snapshot, this.#lastOfDays(days));
  }

  /**
   * Whether a snapshot has all changes of a slot that `last` was the latest to change. If it began before and ended after
   * others, so may have one of them: then none of those that were under way may have changed anything.
   */
  #includes({ xmin, xmax, running }: PgSnapshot, last: number): boolean {
    return last < xmin || (last < xmax && !running.some((xid) => this.#seenAtMs.has(xid)));
  }

  #lastOfDays([from, to]: readonly [string, string]): number {
    let last = this.#any.days;
    for (const [day, xid] of this.#days) if (day >= from && day <= to && xid > last) last = xid;
    return last;
  }
}
