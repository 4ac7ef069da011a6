import { describe, expect, it } from "vitest";
import { bandwidth } from "../src/traffic";
import { untold } from "../src/untold";
import type { NodeRow, TrafficAnswer } from "../src/wire";

const node = (why: string): NodeRow => ({ log: { unknown_reason: why } }) as unknown as NodeRow;

describe("what logs do not tell", () => {
  it("is unknown where no node tells, and noted where some do not", () => {
    expect(untold([["a", node("")], ["b", node("")]])).toEqual({ reason: null, note: null });
    expect(untold([["a", node("Unknown: level ERROR.")], ["b", node("Unknown: level ERROR.")]]).reason).toBe("Unknown: level ERROR.");
    expect(untold([["a", node("Unknown: level ERROR.")], ["b", node("")]])).toEqual({ reason: null, note: "Without a: their logs do not tell transfers." });
    expect(untold([]).reason).toBeNull();
    expect(untold([["old", {} as NodeRow]]).reason).toBeNull();
  });

  it("is no bandwidth of 0", () => {
    const answer: TrafficAnswer = {
      from: 0, to: 60, as_of: 60, nodes: ["a"], bucket_s: 60, times: [0], left_out: ["a"], unknown: "Unknown: level ERROR.",
      series: [{ action: "PUT", direction: "up", outcome: "success", count: [null], bytes: [null] }],
    };
    expect(bandwidth(answer).unknown).toBe("Unknown: level ERROR.");
    expect(bandwidth({ ...answer, unknown: null }).unknown).toBeNull();
  });
});
