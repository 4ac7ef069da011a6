import { describe, expect, it } from "vitest";
import { questionUrl } from "../src/ask";
import { bandText, converted, csvUrl, gapText, heldText, monthBars, monthLine, monthName, priceSource, rowsOf, wholeOf } from "../src/earnings";
import { origin, origins, shown, terms } from "../src/figures";
import { bytesChange, days, hours, money, moneyChange, score } from "../src/format";
import { allowed, budget, budgetWhy, margin, onlineShare, scoreAlarm, scoreSteps, since, summary, trend, vetting, windowsText, worstFirst } from "../src/reputation";
import { sectionAt } from "../src/sections";
import { sameAddress } from "../src/select";
import { firstKnown, growthText, levelText, partName, spaceColumns, stretches } from "../src/space";
import { refusedTopics } from "../src/topics";
import { TOPICS } from "../src/wire";
import type { DisqualificationMargin, SummedDay, EarningsAnswer, EarningsRow, Forecast, Held, HistoryAnswer, Level, SummedForecast, Month, PaidMonth, ReputationRow } from "../src/wire";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const NOW = 1_800_000_000;

describe("money", () => {
  it.each([
    [0, "$0.00"],
    [4_999, "< $0.01"],
    [5_000, "$0.01"],
    [12_345_678, "$12.35"],
    [1_234_567_890_000, "$1,234,567.89"],
    [-2_560_000, "−$2.56"],
    [-3, "−< $0.01"],
    [null, "–"],
    [undefined, "–"],
    [Number.NaN, "–"],
  ])("%d → %s", (micros, text) => {
    expect(plain(money(micros))).toBe(text);
  });

  it("says the sign of a change", () => {
    expect([moneyChange(130_000), moneyChange(-130_000), moneyChange(0)]).toEqual(["+$0.13", "−$0.13", "$0.00"]);
  });
});

describe("scores, hours, days", () => {
  it("are never rounded up", () => {
    expect([1, 1.0001, 0.99999, 0.96, 0.95999, 0.6, 0].map(score)).toEqual(["1", "1", "0.9999", "0.9600", "0.9599", "0.6000", "0.0000"]);
    expect(score(Number.NaN)).toBe("–");
    expect([0, 0.01, 0.49, 0.999, 1, 71.9, 72, 287.25, 288, 7200].map((value) => plain(hours(value)))).toEqual([
      "0 min", "< 1 min", "29 min", "59 min", "1 h", "71 h", "3 d", "11.9 d", "12 d", "300 d",
    ]);
  });

  it("say days as people do", () => {
    expect([0.2, 1, 90, 143, 800].map((value) => plain(days(value)))).toEqual(["today", "1 day", "90 days", "5 months", "2.2 years"]);
    expect([bytesChange(12.3e9), bytesChange(-5e6), bytesChange(0)].map(plain)).toEqual(["+12.3 GB", "−5.00 MB", "0 B"]);
  });
});

describe("figures", () => {
  it("name source and age", () => {
    expect(plain(origin({ value: 1, source: "api", at: NOW - 180 }, NOW))).toBe("node API, 3 min ago");
    expect(origin({ value: 1, source: "magic" as "api", at: NOW + 5 }, NOW)).toBe("magic, now");
    expect(origin(null, NOW)).toBe("unknown");
    expect(plain(origins([null, { value: 1, source: "log", at: NOW - 60 }, { value: 2, source: "api", at: NOW - 7200 }], NOW) ?? "")).toBe("log and node API, 2 h ago");
    expect(origins([null, undefined], NOW)).toBeNull();
    expect(shown(null, String)).toBe("–");
    expect(shown({ value: 0, source: "api", at: NOW }, String)).toBe("0");
  });

  it("take only terms that have words", () => {
    const help = { what: "a", normal: "b", do: "c" };
    expect(terms({ used: "Used", odd: "Odd" }, { used: help })).toEqual([{ name: "Used", help }]);
    expect(terms({ used: "Used" }, undefined)).toEqual([]);
  });
});

const MARGIN: DisqualificationMargin = { distance: 0.04, failures_allowed: 40, trend: "steady", settles_at_score: 1, hours_to_disqualification: null, rate: null };

function reputation(change: Partial<ReputationRow> = {}): ReputationRow {
  return {
    standing: "healthy",
    rank: 0,
    disqualified_at: { value: null, source: "api", at: NOW },
    suspended_at: null,
    disqualification_margin: MARGIN,
    vetting: { done: true, audits: 900, at_least: false, audits_left: null, hours: 900, hours_left: null },
    budget: { hours: 287, score: 1, windows: 60, full: true, estimated: false, limited_by: "online_score", state: "counted", away_since: null },
    ...change,
  } as ReputationRow;
}

describe("reputation", () => {
  it("measures a score from its own limit", () => {
    expect(margin(0.98, 0.96)).toBeCloseTo(0.5);
    expect(margin(0.8, 0.6)).toBeCloseTo(0.5);
    expect([margin(0.5, 0.6), margin(2, 0.6)]).toEqual([0, 1]);
    expect([scoreAlarm(1, 0.96), scoreAlarm(0.975, 0.96), scoreAlarm(0.965, 0.96), scoreAlarm(0.96, 0.96), scoreAlarm(0.83, 0.6)]).toEqual(["good", "warn", "bad", "bad", "good"]);
  });

  it("believes the date, not the score", () => {
    expect(since(reputation({ disqualified_at: { value: NOW, source: "api", at: NOW } }))).toEqual({ what: "disqualified", at: NOW });
    expect(since(reputation({ suspended_at: { value: 5, source: "api", at: NOW } }))).toEqual({ what: "suspended", at: 5 });
    expect(since(reputation())).toBeNull();
    expect(since(reputation({ disqualified_at: null }))).toBeNull();
  });

  it("says what is allowed, and where it goes", () => {
    expect([allowed(MARGIN), allowed(null)]).toEqual(["40", "unknown"]);
    expect(plain(trend({ ...MARGIN, trend: "falling", hours_to_disqualification: 61.5 }))).toBe("falling, at 0.96 in 61 h");
    expect(trend({ ...MARGIN, trend: "falling" })).toBe("falling");
    expect(plain(budget(reputation()))).toBe("11.9 d");
    const unknown = reputation({ budget: { hours: null, score: null, windows: 0, full: false, estimated: true, limited_by: "online_score", state: "counted", away_since: null } });
    expect([budget(unknown), budgetWhy(unknown)]).toEqual(["unknown", "no online score yet"]);
    const spent = reputation({ budget: { hours: 0, score: 0.6, windows: 60, full: true, estimated: false, limited_by: "contact", state: "counted", away_since: null } });
    expect([budget(spent), budgetWhy(spent)]).toEqual(["none left", "until contact counts"]);
    const away = reputation({ budget: { hours: 188, score: 1, windows: 60, full: true, estimated: false, limited_by: "online_score", state: "counted", away_since: 1764158400 } });
    const gone = reputation({ budget: { hours: 0, state: "suspended", score: 0.5, windows: 60, full: true, estimated: false, limited_by: "online_score", away_since: null } });
    expect([budget(gone), budgetWhy(gone)]).toEqual(["suspended already", "until online is above 0.6"]);
    const young = reputation({ budget: { hours: 288, state: "young", score: 1, windows: 12, full: false, estimated: false, limited_by: "online_score", away_since: null } });
    expect([plain(budget(young)), budgetWhy(young)]).toEqual(["12 d", "no satellite can suspend it yet: it has 6 of 30 days of audits"]);
    expect(budgetWhy(away)).toMatch(/^away since 2025-11-26 /);
  });

  it("tells vetting only while it lasts", () => {
    expect(vetting(reputation())).toBeNull();
    const fresh = vetting(reputation({ vetting: { done: false, audits: 62, at_least: true, audits_left: 38, hours: 126, hours_left: 378 } }));
    expect(plain(fresh?.text ?? "")).toBe("at least 62 of 100 audits, 126 of 504 h");
    expect(fresh?.share).toBeCloseTo(0.25);
    expect(vetting(reputation({ vetting: { done: null, audits: null, at_least: false, audits_left: null, hours: null, hours_left: null } }))).toBeNull();
  });

  it("sorts and counts, the worst first", () => {
    const rows: [string, ReputationRow][] = [
      ["b", reputation({ rank: 2 })],
      ["a", reputation({ rank: 2, standing: "odd" as "watch" })],
      ["c", reputation({ rank: 0, standing: "disqualified" })],
    ];
    expect(worstFirst(rows).map(([key]) => key)).toEqual(["c", "a", "b"]);
    expect(summary(rows.map(([, row]) => row)).map((entry) => entry.standing)).toEqual(["disqualified", "healthy", "odd"]);
  });

  it("finds one score of one satellite in the history", () => {
    const answer: HistoryAnswer = {
      from: 0,
      to: 9,
      as_of: 9,
      columns: ["at", "until", "audit_score", "online_score"],
      history: [
        { node: "a", satellite: "x", name: "x", points: [[1, 3, 1, null], [5, 8, 0.97, null]] },
        { node: "a", satellite: "y", name: "y", points: [] },
      ],
    };
    expect(scoreSteps(answer, "x", "audit_score")).toEqual({ steps: [{ from: 1, to: 5, value: 1 }, { from: 5, to: 8, value: 0.97 }], low: 0.97 });
    expect(scoreSteps(answer, "x", "online_score")).toBeNull();
    expect(scoreSteps(answer, "x", "no_such_score")).toBeNull();
    expect(scoreSteps(answer, "y", "audit_score")).toBeNull();
    expect(scoreSteps(answer, "z", "audit_score")).toBeNull();
  });

  it("knows windows without audits", () => {
    expect([onlineShare([0, 0, 0]), onlineShare([0, 4, 1]), onlineShare([0, 4, 9])]).toEqual([null, 0.25, 1]);
    expect(windowsText([])).toBe("No audit history.");
    expect(plain(windowsText([[0, 4, 4], [1, 0, 0]]))).toBe("2 windows, none with a missed audit.");
    expect(plain(windowsText([[0, 4, 3]]))).toBe("1 window, 1 with missed audits.");
  });
});

const GROWTH: Forecast["growth"] = { state: "growing", bytes_per_day: 12.3e9, low: 10e9, high: 15e9, points: 40, why: "" };
const UNKNOWN: Forecast["growth"] = { state: "unknown", bytes_per_day: null, low: null, high: null, points: 3, why: "3 points over 0.3 days" };
const level = (change: Partial<Level>): Level => ({ level: 1, bytes: 1, days: 40, earliest: 30, latest: 60, reached: false, ...change });

describe("storage", () => {
  it("lays the parts side by side", () => {
    expect(stretches([{ part: "pieces", bytes: 60 }, { part: "trash", bytes: 0 }, { part: "free", bytes: 40 }]).map(({ part, from, to }) => [part, from, to])).toEqual([
      ["pieces", 0, 60],
      ["free", 60, 100],
    ]);
    expect(stretches([])).toEqual([]);
    expect(partName("missing")).toEqual({ name: "not on the disk", key: "missing" });
    expect(partName("reserved")).toEqual({ name: "reserved by the hashstore", key: "overhead" });
    expect(partName("unavailable").key).toBe("free");
    expect(partName("new_kind").name).toBe("new kind");
  });

  it("says what a forecast knows, and that it knows nothing", () => {
    const forecast = (growth: Forecast["growth"], window = 30): Forecast => ({ window_days: window, growth, levels: [] });
    expect(plain(growthText(forecast(GROWTH)))).toBe("growing, +12.3 GB a day (+10.0 GB to +15.0 GB)");
    expect(growthText(forecast(UNKNOWN))).toBe("unknown: too little data");
    expect(growthText(null)).toBe("unknown: too little data");
    expect(firstKnown([forecast(GROWTH, 7), forecast(UNKNOWN, 30), forecast(GROWTH, 90)])).toBe(7);
    expect(firstKnown([forecast(GROWTH, 7), forecast(GROWTH, 30)])).toBe(30);
    expect(firstKnown([forecast(UNKNOWN, 7)])).toBe(7);
    expect(firstKnown([])).toBeNull();
  });

  it.each([
    [level({}), "growing", "in 40 days (30 days to 60 days)"],
    [level({ days: 900, earliest: 898, latest: 901 }), "growing", "in 2.5 years"],
    [level({ latest: null }), "growing", "in 40 days (30 days or never)"],
    [level({ days: 0.1, earliest: null }), "growing", "today"],
    [level({ days: null, earliest: null, latest: null }), "shrinking", "not within ten years"],
    [level({ days: null, earliest: 300, latest: null }), "steady", "not within ten years (earliest in 10 months)"],
    [level({ days: null, earliest: null, latest: null }), "unknown", "unknown"],
    [level({ reached: true, days: 0, earliest: 0, latest: 0 }), "growing", "reached"],
  ])("%o while %s → %s", (one, state, text) => {
    expect(plain(levelText(one, state))).toBe(text);
  });

  it("adds nodes only when each has told", () => {
    const answer: HistoryAnswer = {
      from: 0,
      to: 9,
      as_of: 9,
      columns: ["source", "at", "used_bytes", "allocated_bytes", "reported_bytes"],
      history: [
        { node: "a", points: [["api", 1, 10, 100, null], ["api", 3, 12, 100, 8]] },
        { node: "b", points: [["api", 2, 5, null, null], ["api", 3, 6, null, null], ["api", "?", 6, null, null]] },
      ],
    };
    const both = spaceColumns(answer, null);
    expect(both.times).toEqual([1, 2, 3]);
    expect(both.used).toEqual([null, 15, 18]);
    expect(both.allocated).toEqual([100, 100, 100]);
    expect(both.reported).toEqual([null, null, 8]);
    expect(spaceColumns(answer, "b")).toEqual({ times: [2, 3], used: [5, 6], allocated: [null, null], reported: [null, null] });
    expect(spaceColumns({ ...answer, columns: ["source", "at"] }, null).used).toEqual([null, null, null]);
  });
});

function earning(change: Partial<EarningsRow>): EarningsRow {
  return { kind: "node", node: "a", satellite: "", now: null, theirs: null, comparison: null, expected_usd_micros: 0, ...change } as EarningsRow;
}

describe("earnings", () => {
  it("take the fleet, or the only node, as the whole", () => {
    const one = earning({});
    const fleet = earning({ kind: "fleet", node: "" });
    expect(wholeOf(new Map([["a", one], ["", fleet]]))).toBe(one);
    expect(wholeOf(new Map([["a", one], ["", fleet]]), true)).toBe(fleet); // the node's row is a summary
    expect(wholeOf(new Map([["a", one], ["b", earning({ node: "b" })], ["", fleet]]))).toBe(fleet);
    expect(wholeOf(new Map())).toBeNull();
    const rows = [one, earning({ kind: "satellite", satellite: "x", expected_usd_micros: 1 }), earning({ kind: "satellite", satellite: "y", expected_usd_micros: 5 }), earning({ kind: "satellite", node: "b" })];
    expect(rowsOf(rows, "satellite", "a").map((row) => row.satellite)).toEqual(["y", "x"]);
  });

  it("says how ours and the node's own differ", () => {
    const theirs = { now_usd_micros: 1_000_000, held_usd_micros: 0, expected_usd_micros: 0, previous_usd_micros: 0, at: NOW, source: "api" as const };
    const now = (payout: number): EarningsRow["now"] => ({ payout_usd_micros: payout }) as EarningsRow["now"];
    expect(gapText(earning({}))).toBe("The node gives no estimate.");
    expect(gapText(earning({ theirs, now: now(1), comparison: { agrees: true, reasons: [], differences: [] } }))).toBe("Agrees with ours to the cent.");
    expect(gapText(earning({ theirs, now: now(870_000), comparison: { agrees: false, reasons: [], differences: [] } }))).toBe("Ours is $0.13 less.");
    expect(gapText(earning({ kind: "fleet", nodes: 3, theirs, now: now(1_030_000), comparison: { agrees: true, reasons: [], differences: [] } }))).toBe("Agrees with ours to the cent.");
    expect(gapText(earning({ kind: "fleet", nodes: 2, theirs, now: now(1_030_000) }))).toBe("Ours is $0.03 more.");
  });

  it("says amounts in another currency, bands and where prices come from", () => {
    const euro = { code: "EUR", per_usd: 0.92 };
    expect([converted(31_250_000, euro), converted(-1_000_000, euro), converted(1, null), converted(null, euro)].map(plain)).toEqual(["28.75 EUR", "−0.92 EUR", "", ""]);
    expect([earning({ band: { low_usd_micros: 40_730_000, high_usd_micros: 41_390_000 } }), earning({ band: { low_usd_micros: 1_001, high_usd_micros: 1_002 } }), earning({})].map(bandText)).toEqual(["$40.73 to $41.39", "", ""]);
    const prices = (source: string, overridden: string[]): EarningsRow["prices"] => ({ source, overridden }) as unknown as EarningsRow["prices"];
    expect(priceSource(prices("node", ["egress_usd_micros_per_tb", "storage_usd_micros_per_tb_month"]))).toEqual({ from: "node", own: "egress, storage: your settings" });
    expect(priceSource(prices("settings", ["egress_usd_micros_per_tb"]))).toEqual({ from: "your settings", own: "" });
    expect(priceSource(undefined)).toEqual({ from: "", own: "" });
  });

  it("draws the month: days that add up, where it goes, and what was expected before", () => {
    const begin = Date.UTC(2026, 1, 1) / 1000;
    const day = (number: number, micros: number): SummedDay => ({ day: begin + number * 86_400, payout_usd_micros: micros, complete: true });
    const made = (number: number, micros: number, period = "2026-02"): SummedForecast => ({ period, made: begin + number * 86_400, expected_usd_micros: micros });
    const sums = { days: [day(0, 10), day(1, 25), day(2, 4)], forecasts: [made(0, 7, "2026-01"), made(1.5, 370)] };
    const answer = { sums } as unknown as EarningsAnswer;
    const month = { period: "2026-02", through: begin + 2.5 * 86_400, payout_usd_micros: 40 } as Month;
    const line = monthLine(answer, earning({ now: month, expected_usd_micros: 400, band: { low_usd_micros: 350, high_usd_micros: 450 } }));
    expect(line?.days).toBe(28);
    expect(line?.earned).toEqual([{ day: 0, micros: 0 }, { day: 1, micros: 10 }, { day: 2, micros: 35 }, { day: 2.5, micros: 39 }, { day: 2.5, micros: 40 }]);
    expect(line?.end).toEqual({ expected: 400, low: 350, high: 450 });
    expect(line?.made).toEqual([{ day: 1.5, micros: 370 }]);
    expect(line?.top).toBe(450);
    expect(monthLine({ ...answer, sums: { ...answer.sums, days: [] } }, earning({ now: month }))).toBeNull();
    expect(monthLine(answer, earning({}))).toBeNull();
  });

  it("draws the newest months, oldest first", () => {
    const month = (period: string, paid: number, held = 0): PaidMonth => ({ period, paid_usd_micros: paid, held_usd_micros: held }) as PaidMonth;
    const bars = monthBars([month("2026-02", 75, 25), month("2025-12", 50), month("2026-01", -5)], 2);
    expect(bars.map((bar) => [bar.period, bar.label, bar.year, bar.paidTop, bar.heldTop])).toEqual([
      ["2026-01", "Jan", "2026", 0, 0],
      ["2026-02", "Feb", "", 75, 25],
    ]);
    expect(monthBars([])).toEqual([]);
    expect([monthName("2026-12"), monthName("2026-13"), monthName("<b>")]).toEqual(["Dec 2026", "2026-13", "<b>"]);
  });

  it("asks for the nodes shown", () => {
    expect(csvUrl("https://x/base/", ["a&b"], "paystubs")).toBe("https://x/base/api/v1/earnings.csv?kind=paystubs&node=a%26b");
    expect(csvUrl("https://x/", null, "estimates")).toBe("https://x/api/v1/earnings.csv?kind=estimates");
    expect(questionUrl("https://x/", "earnings", null, null, ["rows", "sums"])).toBe("https://x/api/v1/earnings?part=rows&part=sums");
    expect(questionUrl("https://x/", "storage", "-30d", ["a"])).toBe("https://x/api/v1/storage?from=-30d&node=a");
  });

  it("says what comes of the held amount", () => {
    const held: Held = { exit_usd_micros: 0, lost_usd_micros: 0, stages_usd_micros: [0, 0, 0, 0], age_months: 1, held_usd_micros: 0, disposed_usd_micros: 0, net_usd_micros: 0, percent: 25, next_percent: 0, next_period: "2026-10", return_period: "2027-04", return_usd_micros: 750_000 };
    expect(heldText(earning({ held }))).toBe("25 % is held now · 0 % from Oct 2026 · $0.75 comes back in Apr 2027");
    expect(heldText(earning({ held: { ...held, percent: undefined, return_usd_micros: 0, lost_usd_micros: 10_000 } }))).toBe("0 % from Oct 2026 · $0.01 is lost");
    expect(heldText(earning({ held: null }))).toBe("");
  });
});

describe("an older server", () => {
  it("is asked for less, never for nothing", () => {
    expect([...refusedTopics(TOPICS, "no such topic: health")]).toEqual(["health"]);
    expect([...refusedTopics(TOPICS, "no")]).toEqual(["reputation", "storage", "earnings", "health", "analytics"]);
    expect(refusedTopics(["live"], "no such topic: live").size).toBe(0);
  });
});

describe("sections", () => {
  it("mark the one that is read, and the last at the end", () => {
    expect(sectionAt([-500, 20, 900], 60, false)).toBe(1);
    expect(sectionAt([100, 500, 900], 60, false)).toBe(0);
    expect(sectionAt([-900, -500, 700], 60, true)).toBe(2);
  });

  it("do not ask again for a view that stays", () => {
    expect(sameAddress({ nodes: ["a"], range: "1h" }, { nodes: ["a"], range: "1h" })).toBe(true);
    expect(sameAddress({ nodes: ["a"], range: "1h" }, { nodes: [], range: "1h" })).toBe(false);
  });
});
