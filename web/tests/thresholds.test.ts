import type { LogCharacter } from "../src/wire";
import { taken } from "./parts";
import { describe, expect, it } from "vitest";
import { stateChip } from "../src/panels/states";
import { DEFAULT_THRESHOLDS, isLow, isNodeSilent, isSilent, thresholdsOf } from "../src/thresholds";
import type { Hello } from "../src/wire";

const HELLO = taken<Hello>({ k: "hello", protocol: 2, version: "1", demo: false, now: 0, nodes: [], coalesce_ms: 0, slow_hz: 0, sample: 0 });

describe("thresholds", () => {
  it("are the operator's, and the product's where the server says nothing of use", () => {
    expect(thresholdsOf(null)).toEqual(DEFAULT_THRESHOLDS);
    expect(thresholdsOf(HELLO)).toEqual(DEFAULT_THRESHOLDS);
    expect(thresholdsOf({ ...HELLO, thresholds: { silent_s: 60, success_pct: 97.5 } })).toEqual({ silent_s: 60, success_pct: 97.5 });
    expect(thresholdsOf({ ...HELLO, thresholds: { silent_s: 0 } })).toEqual({ silent_s: 0, success_pct: 90 });
    const odd = { ...HELLO, thresholds: { silent_s: "5", success_pct: -1 } } as unknown as Hello;
    expect(thresholdsOf(odd)).toEqual(DEFAULT_THRESHOLDS);
  });

  it("mark what is beyond them, never at 0", () => {
    const set = { silent_s: 60, success_pct: 90 };
    expect([isSilent(60, set), isSilent(60.1, set), isSilent(1e9, { ...set, silent_s: 0 })]).toEqual([false, true, false]);
    expect([isLow(90, 100, set), isLow(8996, 10_000, set), isLow(0, 0, set), isLow(0, 9, { ...set, success_pct: 0 })]).toEqual([false, true, false, false]);
    expect(isLow(99, 100, { ...set, success_pct: 100 })).toBe(true);
  });

  it("make a live log silent, and no other state", () => {
    const set = { silent_s: 60, success_pct: 90 };
    expect(isNodeSilent({ state: "live", last_line: 100 }, 161, set)).toBe(true);
    expect(isNodeSilent({ state: "live", last_line: 100 }, 150, set)).toBe(false);
    expect(isNodeSilent({ state: "live", last_line: null }, 150, set)).toBe(false);
    expect(isNodeSilent({ state: "catching_up", last_line: 100 }, 9999, set)).toBe(false);
    const log = taken<LogCharacter>({ form: "console", envelopes: [], level: "ERROR", transfers: false, above_info: true, understood_pct: 100, node_ids: [], warnings: [] });
    expect(isNodeSilent({ state: "live", last_line: 100, log }, 9999, set)).toBe(false);
    expect(stateChip({ state: "live", last_line: 100 }, 161, set)).toEqual({ kind: "warn", word: "silent" });
    expect(stateChip({ state: "error", last_line: 100 }, 161, set)?.word).toBe("error");
    expect(stateChip(undefined, 161, set)).toBeNull();
  });
});
