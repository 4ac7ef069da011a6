import { describe, expect, it } from "vitest";
import { nodeStateChip, titleMark, troubleFirst, whoIs, worstOf } from "../src/nodestates";
import type { NodeRow, NodeStateName } from "../src/wire";

const row = (node_state?: NodeStateName): NodeRow => ({ node_state }) as unknown as NodeRow;
const rows = (states: Record<string, NodeStateName | undefined>): Map<string, NodeRow> => new Map(Object.entries(states).map(([name, state]) => [name, row(state)]));

describe("states of nodes", () => {
  it("are put in order with the dead first, and what is unknown last", () => {
    const known = rows({ a: "ok", b: "warning", c: "down", d: undefined, e: "at_risk", f: "no_data", g: "learning", h: "down" });
    expect(troubleFirst([...known.keys()], known)).toEqual(["c", "h", "e", "b", "f", "g", "a", "d"]);
    expect(troubleFirst(["x", "y"], undefined)).toEqual(["x", "y"]);
  });

  it("are told by the worst and who is in it", () => {
    const worst = worstOf(rows({ a: "ok", b: "warning", c: "down", d: "down" }));
    expect(worst?.name).toBe("down");
    expect(worst?.nodes).toEqual(["c", "d"]);
    expect(worst === null ? "" : whoIs(worst)).toBe("c, d");
    expect(titleMark(worst)).toBe("2 down");
    const many = worstOf(rows({ a: "at_risk", b: "at_risk", c: "at_risk" }));
    expect(many === null ? "" : whoIs(many)).toBe("3\u00a0nodes");
  });

  it("say nothing where the server does not, and mark no title where all is well", () => {
    expect(worstOf(rows({ a: undefined }))).toBeNull();
    expect(titleMark(null)).toBe("");
    expect(titleMark(worstOf(rows({ a: "ok", b: "learning" })))).toBe("");
    expect(nodeStateChip(row())).toBeNull();
    expect(nodeStateChip(row("at_risk"))).toEqual({ kind: "bad", word: "at risk" });
  });
});
