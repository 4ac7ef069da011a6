import { describe, expect, it } from "vitest";
import { Ring, rates, ServerClock, smooth, Store, RING_SECONDS } from "../src/store";
import { taken, type Parts } from "./parts";
import type { Delta, Snap, LiveRing } from "../src/wire";

const NOW = 1_800_000_000;

function wireRing(values: number[], t = NOW): LiveRing {
  return { t, step: 1, up_bytes: values, down_bytes: values.map((value) => value * 2), up_ops: values.map(() => 1), down_ops: values.map(() => 3) };
}

function snap(topics: Parts<Snap["topics"]>): Snap {
  return taken<Snap>({ k: "snap", view: ["a"], now: NOW, topics });
}

function delta(topics: Parts<Delta["topics"]>): Delta {
  return taken<Delta>({ k: "delta", now: NOW, topics });
}

describe("the ring", () => {
  it("holds a snapshot, oldest first, and pads what is missing", () => {
    const ring = new Ring();
    ring.load(wireRing([1, 2, 3]));
    expect(ring.slice(ring.upBytes, NOW, 5)).toEqual([0, 0, 1, 2, 3]);
    expect(ring.slice(ring.downBytes, NOW, 2)).toEqual([4, 6]);
  });

  it("adds to old seconds, starts new ones, forgets older than five minutes", () => {
    const ring = new Ring();
    ring.load(wireRing([10, 20]));
    ring.add([NOW - 1, 5, 0, 1, 0]);
    ring.add([NOW + 2, 7, 0, 1, 0]);
    expect(ring.slice(ring.upBytes, NOW + 2, 4)).toEqual([15, 20, 0, 7]);
    ring.add([NOW - RING_SECONDS, 99, 0, 1, 0]);
    expect(ring.slice(ring.upBytes, NOW + 2, RING_SECONDS).reduce((a, b) => a + b)).toBe(42);
    ring.advance(NOW + 10_000);
    expect(ring.slice(ring.upBytes, NOW + 10_000, RING_SECONDS).every((value) => value === 0)).toBe(true);
  });

  it("says zero for seconds that it does not hold", () => {
    const ring = new Ring();
    ring.load(wireRing([4]));
    expect(ring.slice(ring.upBytes, NOW + 3, 4)).toEqual([4, 0, 0, 0]);
  });

  it("averages the last ten whole seconds, without the running one", () => {
    const ring = new Ring();
    ring.load(wireRing([...new Array<number>(20).fill(100), 1_000_000]));
    expect(rates(ring, NOW + 0.5)).toEqual({ upBytes: 100, downBytes: 200, upOps: 1, downOps: 3 });
    expect(rates(ring, NOW + 60).upBytes).toBe(0);
  });
});

describe("tables", () => {
  const first = snap({ errors: { n: 0, as_of: 1, rows: { a: { count: 1 }, b: { count: 2 } } } });

  it("sets and deletes rows", () => {
    const store = new Store();
    store.applySnap(first);
    const applied = store.applyDelta(delta({ errors: { n: 1, as_of: 2, set: { b: { count: 3 }, c: { count: 4 } }, del: ["a"] } }));
    expect(applied.gap).toEqual([]);
    expect([...applied.changed]).toEqual(["errors"]);
    expect([...(store.tables.errors?.rows ?? [])]).toEqual([
      ["b", { count: 3 }],
      ["c", { count: 4 }],
    ]);
    expect(store.tables.errors?.asOf).toBe(2);
  });

  it("takes whole payloads under the same numbers", () => {
    const store = new Store();
    store.applySnap(first);
    store.applyDelta(delta({ errors: { n: 1, as_of: 2, rows: { z: { count: 9 } } } }));
    expect([...(store.tables.errors?.rows.keys() ?? [])]).toEqual(["z"]);
    expect(store.applyDelta(delta({ errors: { n: 2, as_of: 3, set: {} } })).gap).toEqual([]);
  });

  it("reports a gap once, applies nothing of it, and waits for the snapshot", () => {
    const store = new Store();
    store.applySnap(first);
    expect(store.applyDelta(delta({ errors: { n: 2, as_of: 3, set: { b: { count: 7 } }, del: [] } })).gap).toEqual(["errors"]);
    expect(store.applyDelta(delta({ errors: { n: 3, as_of: 4, set: { b: { count: 8 } }, del: [] } })).gap).toEqual([]);
    expect(store.tables.errors?.rows.get("b")).toEqual({ count: 2 });
    store.applySnap(snap({ errors: { n: 0, as_of: 5, rows: { b: { count: 9 } } } }));
    expect(store.applyDelta(delta({ errors: { n: 1, as_of: 6, set: {}, del: ["b"] } })).gap).toEqual([]);
    expect(store.tables.errors?.rows.size).toBe(0);
  });

  it("asks once for all topics that a lost frame held, whenever their next frames come", () => {
    const store = new Store();
    store.applySnap(snap({ errors: { n: 0, as_of: 1, rows: {} }, pieces: { n: 0, as_of: 1, rows: {} } }));
    // The frame with number 1 of both is lost.
    expect(store.applyDelta(delta({ errors: { n: 2, as_of: 3, set: {} } })).gap).toEqual(["errors"]);
    expect(store.applyDelta(delta({ pieces: { n: 2, as_of: 4, set: {} } })).gap).toEqual([]);
    store.applySnap(snap({ errors: { n: 0, as_of: 5, rows: {} }, pieces: { n: 0, as_of: 5, rows: {} } }));
    expect(store.applyDelta(delta({ pieces: { n: 2, as_of: 6, set: {} } })).gap).toEqual(["pieces"]);
  });

  it("numbers each topic by itself", () => {
    const store = new Store();
    store.applySnap(snap({ live: { n: 0, sats: {}, ring: wireRing([0]) }, errors: { n: 0, as_of: 1, rows: {} } }));
    expect(store.applyDelta(delta({ live: { n: 1, tot: [[NOW, 5, 6, 1, 1]] } })).gap).toEqual([]);
    expect(store.applyDelta(delta({ live: { n: 2, tot: [] }, errors: { n: 1, as_of: 2, set: {} } })).gap).toEqual([]);
    expect(store.ring.slice(store.ring.downBytes, NOW, 1)).toEqual([6]);
  });

  it("keeps a key such as __proto__ a key", () => {
    const store = new Store();
    store.applySnap(snap({ errors: JSON.parse('{"n":0,"as_of":1,"rows":{"__proto__":{"count":1}}}') as never }));
    expect(store.tables.errors?.rows.has("__proto__")).toBe(true);
  });
});

describe("the server's clock", () => {
  it("follows the earliest news and a clock that was set back", () => {
    const clock = new ServerClock();
    expect(clock.at(1)).toBeNull();
    clock.sync(1000, 10);
    clock.sync(1001, 12); // a second late
    expect(clock.at(12)).toBeGreaterThan(1001.9);
    clock.sync(500, 13);
    expect(clock.at(13)).toBe(500);
  });
});

describe("clocks that are wrong", () => {
  it("does not follow a node into the future, nor stays there when the server's clock was set back", () => {
    const store = new Store();
    store.applySnap(snap({ live: { n: 0, sats: {}, ring: wireRing([7]) } }));
    store.applyDelta(delta({ live: { n: 1, tot: [[NOW + 7200, 5, 5, 1, 1], [NOW, 1, 0, 0, 0]] } }));
    expect(store.ring.end).toBe(NOW);
    expect(store.ring.slice(store.ring.upBytes, NOW, 1)).toEqual([8]);
    store.applyDelta({ ...delta({ live: { n: 2, tot: [[NOW - 3600, 4, 0, 0, 0]] } }), now: NOW - 3600 });
    expect(store.ring.slice(store.ring.upBytes, NOW - 3600, 1)).toEqual([4]);
  });
});

it("smooths with a trailing mean", () => {
  expect(smooth([0, 0, 6, 0, 0, 0], 3)).toEqual([0, 0, 2, 2, 2, 0]);
});
