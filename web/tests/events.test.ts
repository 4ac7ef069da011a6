import { describe, expect, test } from "vitest";
import { eventsUrl, groups, readEvents, when, worstFirst, type EventFigure, type EventKind } from "../src/events";

const FILTERS = { from: "-24h", node: "", what: "", severity: "" };

describe("the question about events", () => {
  test("asks for all nodes shown, without filters", () => {
    expect(eventsUrl("http://a/", FILTERS, null, null, 50)).toBe("http://a/api/v1/events?from=-24h&limit=50");
    expect(eventsUrl("http://a/", FILTERS, ["x", "y"], null, 50)).toBe("http://a/api/v1/events?from=-24h&limit=50&node=x&node=y");
  });

  test("asks with every filter and for the next page", () => {
    const url = eventsUrl("http://a/", { from: "-7d", node: "y", what: "group:Trash and expiry", severity: "warning" }, ["x", "y"], "17.3", 50);
    expect([...new URL(url).searchParams]).toEqual([
      ["from", "-7d"],
      ["limit", "50"],
      ["node", "y"],
      ["group", "Trash and expiry"],
      ["severity", "warning"],
      ["severity", "critical"],
      ["before", "17.3"],
    ]);
    expect(eventsUrl("http://a/", { ...FILTERS, what: "kind:panic" }, null, null, 1)).toContain("kind=panic");
  });

  test("an answer that is none is told from one without rows", () => {
    expect(readEvents({ error: {} })).toBeNull();
    expect(readEvents({ rows: [] })).toEqual({ as_of: null, rows: [], next: null, kinds: [], garbage: [], figures: [] });
  });
});

test("kinds stand under their groups in the monitor's order", () => {
  const kinds: EventKind[] = [
    { kind: "node_started", label: "A", group: "G" },
    { kind: "panic", label: "B", group: "H" },
    { kind: "node_failed", label: "C", group: "G" },
  ];
  expect(groups(kinds).map((group) => [group.name, group.kinds.map((one) => one.kind)])).toEqual([
    ["G", ["node_started", "node_failed"]],
    ["H", ["panic"]],
  ]);
});

test("equal events are one stretch of time", () => {
  expect(when({ at: 100, last: 100, count: 1 })).not.toContain(" to ");
  expect(when({ at: 100, last: 3000, count: 4 })).toContain(" to ");
});

test("the worst figure comes first", () => {
  const figure = (severity: EventFigure["severity"]): EventFigure => ({ node: "n", group: "g", severity, text: severity, at: 1 });
  expect(worstFirst([figure("info"), figure("critical"), figure("warning")]).map((one) => one.severity)).toEqual(["critical", "warning", "info"]);
});
