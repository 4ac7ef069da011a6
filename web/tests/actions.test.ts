import { describe, expect, it } from "vitest";
import { actionName, durations, sources, teller } from "../src/actions";
import type { ActionRow } from "../src/wire";

const LOG: ActionRow = {
  action: "PUT", direction: "up", unrated: 0, counters_only: 0, rejected: 0, may_hide_failures: false,
  success: 9, canceled: 1, failed: 0, bytes: 9, all_bytes: 10, timed: 9, p50_ms: 1000, p95_ms: 2000, p99_ms: 3000, resolution_ms: 1000, mean_ms: 1100,
  source: "log", timed_source: "log",
};
const COUNTED: ActionRow = { ...LOG, p50_ms: 45, p95_ms: null, resolution_ms: null, mean_ms: 90.2, source: "metrics", timed_source: "metrics" };
const plain = (text: string | null): string => (text ?? "").replaceAll("\u00a0", " ");

describe("results by action", () => {
  it("says who told a row", () => {
    expect([teller(LOG), teller(COUNTED), teller({ ...LOG, source: "mixed" })]).toEqual([null, "by /metrics", "by log and /metrics"]);
    expect([actionName("UNKNOWN", true, LOG), actionName("UNKNOWN", true, COUNTED), actionName("GET", false, COUNTED)]).toEqual(["Upload, other", "Upload, all kinds", "Download"]);
  });

  it("has a median where one is known, else the mean, and never makes one up", () => {
    expect(durations(LOG).why).toBeNull();
    expect(plain(durations(COUNTED).p50)).toBe("45 ms");
    expect(durations(COUNTED).p95).toBe("–");
    expect(plain(durations({ ...COUNTED, p50_ms: null }).p50)).toBe("ø 90 ms");
    expect(durations({ ...LOG, timed: 0 })).toEqual({ p50: "–", p95: "–", why: null });
  });

  it("says below the table where figures come from", () => {
    expect(sources([LOG])).toContain("whole seconds");
    expect(sources([LOG, COUNTED])).toContain("by /metrics");
    expect(sources([{ ...COUNTED, source: "log" }])).toContain("no start lines: durations are from");
    expect(sources([{ ...LOG, timed: 0, timed_source: null }])).toContain("is not read");
    expect(sources([{ ...LOG, resolution_ms: 1 }])).toBe("From the log.");
  });
});
