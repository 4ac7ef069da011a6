import { describe, expect, it } from "vitest";
import { endpointChip, endpointTrouble, downtimeWords } from "../src/panels/states";

describe("endpoints of a node", () => {
  it("are red where the node is in trouble, and not where it is all right", () => {
    expect(endpointChip("unreachable", "down").kind).toBe("bad");
    expect(endpointChip("unreachable").kind).toBe("bad");
    expect(endpointChip("unreachable", "ok")).toEqual({ kind: "", word: "unreachable" });
    expect(endpointChip("partial", "ok").kind).toBe("warn");
  });

  it("name their error once", () => {
    expect(endpointTrouble("metrics", "/metrics: Connection refused")).toBe("Connection refused");
    expect(endpointTrouble("health", "/: Connection refused")).toBe("Connection refused");
    expect(endpointTrouble("api", "/api/sno/: Connection refused")).toBe("/api/sno/: Connection refused");
  });
});

describe("downtime under the uptime", () => {
  it("is not denied for a node that is away", () => {
    expect(downtimeWords(null, { state: "down", certain: false })).toBe("not certain yet");
    expect(downtimeWords(null, { state: "down", certain: true })).toBe("");
    expect(downtimeWords("2 h", { state: "down", certain: true })).toBe("2 h down in 30 d");
    expect(downtimeWords(null, { state: "up", certain: true })).toBe("no downtime known");
    expect(downtimeWords(null, undefined)).toBe("no downtime known");
  });
});
