import { describe, expect, it } from "vitest";
import { against, badge, between, figure, headline, history, learned, readAnswer, sinceWhen, sorted } from "../src/findings";
import { NBSP } from "../src/format";
import type { FindingRow, LearningRow } from "../src/wire";

const plain = (text: string | null): string | null => text?.replaceAll(NBSP, " ") ?? null;

function finding(own: Partial<FindingRow>): FindingRow {
  return {
    row: "finding",
    number: 1,
    node: "attic",
    satellite: null,
    satellite_name: null,
    direction: "up",
    kind: "anomaly",
    node_state: null,
    metric: "success",
    severity: "warning",
    state: "active",
    resolved: null,
    since: 1000,
    found: 1600,
    changed: 1600,
    until: null,
    title: "success of uploads fell",
    text: "",
    advice: "",
    cause: null,
    unit: "share",
    value: 0.9312,
    expected: 0.99,
    band: null,
    z: -5,
    samples: 100,
    evidence: [],
    history: [],
    ...own,
  };
}

const node = (own: Partial<LearningRow>): LearningRow => ({ row: "node", node: "attic", hours: 53, full_hours: 672, basis: "overall", text: "", analysed_until: 1000, series: 4, open_findings: 0, ...own });

describe("the order of findings", () => {
  it("is worst first, then newest, and what ended stands apart", () => {
    const found = sorted([
      finding({ number: 1, severity: "info" }),
      finding({ number: 2, severity: "critical", since: 10 }),
      finding({ number: 3, severity: "critical", since: 20 }),
      finding({ number: 4, severity: "critical", state: "resolved", until: 2000 }),
      finding({ number: 5, state: "resolved", until: 3000 }),
      node({ node: "b" }),
      node({ node: "a" }),
    ]);
    expect(found.standing.map((row) => row.number)).toEqual([3, 2, 1]);
    expect(found.ended.map((row) => row.number)).toEqual([5, 4]);
    expect(found.learning.map((row) => row.node)).toEqual(["a", "b"]);
  });

  it("counts what stands, coloured by the worst", () => {
    expect(badge([])).toEqual({ count: 0, kind: "" });
    expect(badge([node({}), finding({ state: "resolved", severity: "critical" })])).toEqual({ count: 0, kind: "" });
    expect(badge([finding({ severity: "good" }), finding({ severity: "info" })])).toEqual({ count: 2, kind: "" });
    expect(badge([finding({}), finding({ severity: "info" })])).toEqual({ count: 2, kind: "warn" });
    expect(badge([finding({ severity: "critical" }), finding({})])).toEqual({ count: 2, kind: "bad" });
  });

  it("joins the answer with what ended since, each once", () => {
    const old = finding({ number: 1, state: "resolved", until: 100, resolved: "old words" });
    const joined = history([old, finding({ number: 3 })], [finding({ number: 1, state: "resolved", until: 100, resolved: "new words" }), finding({ number: 2, state: "resolved", until: 200 })]);
    expect(joined.map((row) => [row.number, row.resolved])).toEqual([
      [2, null],
      [1, "new words"],
    ]);
  });

  it("reads an answer or says that it cannot", () => {
    expect(readAnswer(null)).toBeNull();
    expect(readAnswer({ rows: "x" })).toBeNull();
    expect(readAnswer({ rows: [] })).toEqual({ rows: [], more: 0, help: {} });
  });
});

describe("figures of findings", () => {
  it("speak their unit", () => {
    const cases: [number | null, string, string][] = [
      [0.9312, "share", "93.1 %"],
      [0.99, "share", "99 %"],
      [0, "per_minute", "none"],
      [61.2, "per_minute", "61 / min"],
      [2.5, "per_minute", "2.5 / min"],
      [0.3, "per_minute", "18 / h"],
      [0.001, "per_minute", "1.4 / d"],
      [320, "ms", "320 ms"],
      [1410, "ms", "1.4 s"],
      [4e9, "bytes_per_day", "4.00 GB/d"],
      [21, "days", "21 days"],
      [30, "hours", "30 h"],
      [12_340_000, "usd_micros", "$12.34"],
      [7, "a unit to come", "7"],
      [null, "share", "–"],
    ];
    for (const [value, unit, text] of cases) expect(plain(figure(value, unit)), `${value} ${unit}`).toBe(text);
  });

  it("are held against a band with open ends", () => {
    expect(plain(between(0.986, 0.994, "share"))).toBe("98.6–99.4 %");
    expect(plain(between(250, 1390, "ms"))).toBe("250 ms – 1.4 s");
    expect(plain(between(0.99, 0.99, "share"))).toBe("99 %");
    expect(plain(between(16, null, "days"))).toBe("at least 16 days");
    expect(plain(between(null, 3, "ms"))).toBe("at most 3 ms");
    expect(between(null, null, "ms")).toBeNull();
    expect(plain(against(finding({ band: [0.986, 0.994] })))).toBe("normal 98.6–99.4 %");
    expect(plain(against(finding({})))).toBe("usually 99 %");
    expect(plain(against(finding({ kind: "forecast", metric: "space", unit: "days", band: [16, 30] })))).toBe("forecast, 16–30 days");
    expect(plain(against(finding({ kind: "forecast", metric: "earnings", unit: "usd_micros", expected: 5e6 })))).toBe("last month $5.00");
  });

  it("begin with a capital, but never change the name of a node", () => {
    expect(headline({ node: "attic", title: "success of uploads fell" })).toBe("Success of uploads fell");
    expect(headline({ node: "attic", title: "attic grows" })).toBe("attic grows");
  });

  it("name the day where it is not today", () => {
    const noon = new Date(2026, 5, 5, 12).getTime() / 1000;
    expect(plain(sinceWhen(noon - 7200, noon))).toBe("since 10:00 (2 h ago)");
    expect(plain(sinceWhen(noon - 2 * 86400, noon))).toBe("since 2026-06-03 12:00 (2 d ago)");
  });

  it("say how much is learned", () => {
    expect(learned([]).words).toBe("nothing yet");
    expect(plain(learned([node({})]).words)).toBe("53 of 672 hours");
    expect(plain(learned([node({}), node({ hours: 700 })]).words)).toBe("53 to 672 of 672 hours");
    expect(learned([node({ hours: 700 })]).words).toContain("four weeks");
  });
});
