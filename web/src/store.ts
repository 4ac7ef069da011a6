/**
 * What the page knows: one ring of seconds and the tables, fed by snapshots and numbered deltas.
 * Plain data, no rendering: `apply` says which topics changed and whether a number was missed.
 */
import {
  TABLE_TOPICS,
  type Delta,
  type LiveDelta,
  type LiveSnap,
  type SecondTotals,
  type Snap,
  type TableDelta,
  type TableRows,
  type TableSnap,
  type TableTopic,
  type Topic,
  type LiveRing,
} from "./wire";
import type { HelpTexts } from "./wire";

export const RING_SECONDS = 300;
/** How far a node's clock may be ahead of the monitor's and still be believed. */
const FUTURE_SECONDS = 30;

/** One value a second for the last five minutes; seconds without news are zero. */
export class Ring {
  readonly upBytes = new Float64Array(RING_SECONDS);
  readonly downBytes = new Float64Array(RING_SECONDS);
  readonly upOps = new Float64Array(RING_SECONDS);
  readonly downOps = new Float64Array(RING_SECONDS);
  /** Unix second of the newest cell; 0 while the ring is empty. */
  end = 0;

  private get columns(): readonly Float64Array[] {
    return [this.upBytes, this.downBytes, this.upOps, this.downOps];
  }

  /** Replaces everything by a snapshot. */
  load(wire: LiveRing): void {
    for (const column of this.columns) column.fill(0);
    this.end = Math.floor(wire.t);
    const sources = [wire.up_bytes, wire.down_bytes, wire.up_ops, wire.down_ops];
    this.columns.forEach((column, index) => {
      const source = sources[index] ?? [];
      const kept = source.slice(-RING_SECONDS);
      kept.forEach((value, place) => {
        column[this.cell(this.end - kept.length + 1 + place)] = value;
      });
    });
  }

  /** All zero, ending now. */
  clear(second: number): void {
    for (const column of this.columns) column.fill(0);
    this.end = Math.floor(second);
  }

  /** Moves the newest cell forward to `second`; cells in between become zero. */
  advance(second: number): void {
    const target = Math.floor(second);
    if (target <= this.end) return;
    const fresh = Math.min(target - this.end, RING_SECONDS);
    for (let step = 0; step < fresh; step += 1) {
      const cell = this.cell(target - step);
      for (const column of this.columns) column[cell] = 0;
    }
    this.end = target;
  }

  add([second, upBytes, downBytes, upOps, downOps]: SecondTotals): void {
    this.advance(second);
    if (second <= this.end - RING_SECONDS) return;
    const cell = this.cell(Math.floor(second));
    this.upBytes[cell] = (this.upBytes[cell] ?? 0) + upBytes;
    this.downBytes[cell] = (this.downBytes[cell] ?? 0) + downBytes;
    this.upOps[cell] = (this.upOps[cell] ?? 0) + upOps;
    this.downOps[cell] = (this.downOps[cell] ?? 0) + downOps;
  }

  /** The `length` seconds up to and with `last`, oldest first; seconds outside the ring are zero. */
  slice(column: Float64Array, last: number, length: number): number[] {
    const values = new Array<number>(length);
    for (let place = 0; place < length; place += 1) {
      const second = last - length + 1 + place;
      const known = second <= this.end && second > this.end - RING_SECONDS;
      values[place] = known ? (column[this.cell(second)] ?? 0) : 0;
    }
    return values;
  }

  private cell(second: number): number {
    return ((second % RING_SECONDS) + RING_SECONDS) % RING_SECONDS;
  }
}

export interface Table<T> {
  asOf: number;
  /** Where the figures begin (Unix seconds); undefined when the server does not say. */
  from?: number;
  rows: Map<string, T>;
  help: HelpTexts;
  /** The rows are summaries; the whole ones of a node have to be asked for. */
  summary: boolean;
}

export type Tables = { [K in TableTopic]: Table<TableRows[K]> | null };

export interface Applied {
  changed: Set<Topic>;
  /** Topics whose numbering had a gap: the page has to subscribe again. */
  gap: Topic[];
}

export class Store {
  readonly ring = new Ring();
  readonly tables = Object.fromEntries(TABLE_TOPICS.map((topic) => [topic, null])) as Tables;
  private readonly numbers = new Map<Topic, number>();

  applySnap(snap: Snap): Applied {
    const changed = new Set<Topic>();
    for (const [name, payload] of Object.entries(snap.topics)) {
      const topic = name as Topic;
      if (topic === "live") this.ring.load((payload as LiveSnap).ring);
      else this.replace(topic, { summary: false, ...(payload as TableSnap<unknown>) });
      this.numbers.set(topic, payload.n);
      changed.add(topic);
    }
    return { changed, gap: [] };
  }

  applyDelta(delta: Delta): Applied {
    const changed = new Set<Topic>();
    const gap: Topic[] = [];
    for (const [name, payload] of Object.entries(delta.topics)) {
      const topic = name as Topic;
      const known = this.numbers.get(topic);
      // Nothing to build upon until the snapshot comes: it holds this delta already.
      if (known === undefined) continue;
      if (payload.n !== known + 1) {
        this.numbers.delete(topic);
        gap.push(topic);
        continue;
      }
      this.numbers.set(topic, payload.n);
      if (topic === "live") this.addTotals((payload as LiveDelta).tot, delta.now);
      else this.change(topic, payload as TableDelta<unknown>);
      changed.add(topic);
    }
    // One new subscription answers for every topic: a frame that comes before its snapshot must not ask for another one.
    if (gap.length > 0) this.numbers.clear();
    return { changed, gap };
  }

  /** Forgets the numbering (a new connection starts anew); the figures stay, to be shown as stale. */
  forgetNumbers(): void {
    this.numbers.clear();
  }

  /** Clocks may be wrong or set: a second from the future must not push the ring ahead, nor an old ring stay there. */
  private addTotals(totals: readonly SecondTotals[], now: number): void {
    if (this.ring.end > now + FUTURE_SECONDS) this.ring.clear(now);
    for (const total of totals) if (total[0] <= now + FUTURE_SECONDS) this.ring.add(total);
  }

  private replace(topic: TableTopic, payload: Partial<TableSnap<unknown>> & { as_of: number }): void {
    // Only snapshots bring these: they do not change.
    const help = payload.help ?? this.tables[topic]?.help ?? {};
    const summary = payload.summary ?? this.tables[topic]?.summary ?? false;
    const table: Table<unknown> = { asOf: payload.as_of, rows: new Map(Object.entries(payload.rows ?? {})), help, summary };
    if (payload.from !== undefined) table.from = payload.from;
    (this.tables as Record<TableTopic, Table<unknown> | null>)[topic] = table;
  }

  private change(topic: TableTopic, payload: TableDelta<unknown>): void {
    if (payload.rows !== undefined) {
      this.replace(topic, payload);
      return;
    }
    const table = this.tables[topic] as Table<unknown> | null;
    if (table === null) return;
    table.asOf = payload.as_of;
    if (payload.from !== undefined) table.from = payload.from;
    for (const [key, row] of Object.entries(payload.set ?? {})) table.rows.set(key, row);
    for (const key of payload.del ?? []) table.rows.delete(key);
  }
}

/** The server's clock as this page can know it: a frame is never early, sometimes late. */
export class ServerClock {
  private offset: number | null = null;

  /** `now` as the server said it, `local` from a monotonic clock; both in seconds. */
  sync(now: number, local: number): void {
    const sample = now - local;
    if (this.offset === null || sample > this.offset || this.offset - sample > 5) this.offset = sample;
    else this.offset -= (this.offset - sample) * 0.02;
  }

  /** Unix seconds; null before the first frame. */
  at(local: number): number | null {
    return this.offset === null ? null : local + this.offset;
  }
}

export interface Rates {
  upBytes: number;
  downBytes: number;
  upOps: number;
  downOps: number;
}

export const RATE_SECONDS = 10;

/** Averages a second over the last ten whole seconds before `now`. */
export function rates(ring: Ring, now: number): Rates {
  const last = Math.floor(now) - 1;
  const mean = (column: Float64Array): number => ring.slice(column, last, RATE_SECONDS).reduce((sum, value) => sum + value, 0) / RATE_SECONDS;
  return { upBytes: mean(ring.upBytes), downBytes: mean(ring.downBytes), upOps: mean(ring.upOps), downOps: mean(ring.downOps) };
}

/** Trailing mean over `width` values: what a chart of single seconds needs to be readable. */
export function smooth(values: readonly number[], width: number): number[] {
  const out = new Array<number>(values.length);
  let sum = 0;
  for (let place = 0; place < values.length; place += 1) {
    sum += values[place] ?? 0;
    if (place >= width) sum -= values[place - width] ?? 0;
    out[place] = Math.max(0, sum / Math.min(width, place + 1));
  }
  return out;
}
