import { describe, expect, it } from "vitest";
import { niceMax } from "../src/charts/options";
import { explain } from "../src/explain";
import { choose, readAddress, toggle, writeAddress } from "../src/select";
import { bandwidth, rangeOf, TrafficCache, trafficUrl } from "../src/traffic";
import type { TrafficAnswer } from "../src/wire";

describe("the address", () => {
  it("keeps nodes and range, and what is not ours", () => {
    const address = readAddress("?x=1&node=a%26b&node=c&node=c&range=7d");
    expect(address).toEqual({ nodes: ["a&b", "c"], range: "7d" });
    expect(writeAddress("?x=1&node=old", address)).toBe("?x=1&node=a%26b&node=c&range=7d");
    expect(writeAddress("?node=old&range=1h", { nodes: [], range: "5m" })).toBe("");
    expect(readAddress("?range=nonsense").range).toBe("5m");
  });

  it("holds the wish against the nodes there are", () => {
    const known = ["a", "b", "c"];
    expect(choose([], known)).toEqual({ nodes: null, unknown: [] });
    expect(choose(["c", "a"], known)).toEqual({ nodes: ["a", "c"], unknown: [] });
    expect(choose(["a", "x"], known)).toEqual({ nodes: ["a"], unknown: ["x"] });
    expect(choose(["x"], known)).toEqual({ nodes: null, unknown: ["x"] });
    expect(choose(["a", "b", "c"], known).nodes).toBeNull();
  });

  it("ticks and unticks", () => {
    const known = ["a", "b", "c"];
    expect(toggle(null, "b", known)).toEqual(["a", "c"]);
    expect(toggle(["a"], "c", known)).toEqual(["a", "c"]);
    expect(toggle(["a", "c"], "b", known)).toEqual([]);
    expect(toggle(["a"], "a", known)).toEqual([]);
  });
});

describe("bandwidth of the past", () => {
  const answer: TrafficAnswer = {
    from: 0,
    to: 180,
    as_of: 125,
    nodes: ["a"],
    unknown: null,
    left_out: [],
    bucket_s: 60,
    times: [0, 60, 120],
    series: [
      { action: "PUT", direction: "up", outcome: "success", count: [1, 1, 1], bytes: [600, 1200, 50] },
      { action: "PUT_REPAIR", direction: "up", outcome: "success", count: [1, 1, 1], bytes: [600, 0, 0] },
      { action: "GET", direction: "down", outcome: "canceled", count: [1, 1, 1], bytes: [60, 0, 0] },
    ],
  };

  it("sums by direction and leaves the barely begun bucket open", () => {
    const seen = bandwidth(answer);
    expect(seen.columns).toEqual({ times: [0, 60, 120], up: [20, 20, null], down: [1, 0, null] });
    expect(seen.up).toEqual({ bytes: 2450, average: 2450 / 125, peak: 20 });
  });

  it("divides the running bucket by the seconds that have passed", () => {
    expect(bandwidth({ ...answer, as_of: 145 }).columns.up[2]).toBe(2);
  });

  it("asks with the nodes of the view", () => {
    expect(trafficUrl("http://h/base/", rangeOf("7d"), ["a b", "c"])).toBe("http://h/base/api/v1/traffic?from=-7d&bucket=auto&node=a+b&node=c");
    expect(trafficUrl("http://h/", rangeOf("1h"), null)).toBe("http://h/api/v1/traffic?from=-1h&bucket=auto");
  });

  it("keeps a bounded number of answers", () => {
    const cache = new TrafficCache();
    for (let number = 0; number < 30; number += 1) cache.put(`u${number}`, answer, number);
    expect(cache.get("u0")).toBeNull();
    expect(cache.get("u29")?.at).toBe(29);
  });
});

it("ends the axis at a round number above the data", () => {
  expect(niceMax(0)).toBe(1000);
  expect(niceMax(46e6)).toBe(50e6);
  expect(niceMax(9.9e6)).toBe(15e6);
  for (const value of [1, 999, 12_345, 1e6, 7.3e8]) expect(niceMax(value)).toBeGreaterThanOrEqual(value);
});

describe("help on errors", () => {
  it.each([
    ["hashstore: write: no space left on device", /disk is full/],
    ["hashstore: file does not exist", /not on the disk/],
    ["manager closed: read: connection reset by peer", /normal/],
    ["ping satellite failed context deadline exceeded", /could not reach the node/],
    ["database is locked", /too slow/],
  ])("%s", (text, help) => {
    expect(explain(text)).toMatch(help);
  });

  it("is silent on what it does not know", () => {
    expect(explain("the moon is full")).toBeNull();
  });
});
