/** Findings in the order in which an operator should read them, and their figures in words. */
import { ago, bytes, count, DASH, dateTime, days, hours, money, NBSP, plural } from "./format";
import type { Chip } from "./panels/states";
import type { AnalyticsRow, FindingRow, FindingsAnswer, LearningRow } from "./wire";

const RANKS: Readonly<Record<string, number>> = { critical: 3, warning: 2, info: 1, good: 0 };
const SEVERITIES: Readonly<Record<string, Chip>> = {
  critical: { kind: "bad", word: "critical" },
  warning: { kind: "warn", word: "warning" },
  info: { kind: "busy", word: "note" },
  good: { kind: "good", word: "good news" },
};
const METRICS: Readonly<Record<string, string>> = {
  rate: "Transfers",
  success: "Success",
  latency: "Typical time",
  errors: "Failed",
  silence: "Transfers",
  growth: "Growth",
  space: "Full in",
  budget: "May be away",
  earnings: "This month",
  stopped: "Not running",
  gone: "Not running",
  silent: "Not heard",
  not_heard: "Not heard",
  disqualified: "Disqualified",
  suspended: "Suspended",
  offline_suspended: "Suspended",
  no_space: "Disk full",
  storage_folder: "Storage",
  version: "Version",
  no_contact: "Not reached",
  standing_at_risk: "At risk",
  severe_data: "In the log",
  severe_start: "In the log",
  severe_reputation: "In the log",
  route: "API",
  log_moved: "Log",
  starting: "Starting",
  source_silent: "No answer",
  log_unread: "Log",
  log_silent: "Log",
  quic: "QUIC",
  not_healthy: "Health answer",
  standing_watch: "Watch",
  overused: "Overused",
  leaving: "Graceful exit",
  left: "Graceful exit",
  clock: "Clock",
  other_node: "Settings",
  log_poor: "Log",
  log_level: "Log",
  not_kept: "Database",
};
const BASES: Readonly<Record<string, string>> = {
  none: "still learning",
  overall: "compared with all hours",
  hour_of_day: "compared with the same hour of other days",
  hour_of_week: "compared with the same hour of other weeks",
};

const rank = (row: FindingRow): number => RANKS[row.severity] ?? 1;
/** What is known for certain comes before what is only unusual, a node that is down before one at risk. */
const certainty = (row: FindingRow): number => (row.kind !== "state" ? 0 : row.node_state === "down" ? 2 : 1);

export function severityChip(severity: string): Chip {
  return SEVERITIES[severity] ?? { kind: "", word: severity };
}

export function metricName(metric: string): string {
  return METRICS[metric] ?? metric;
}

export function basisName(basis: string): string {
  return BASES[basis] ?? basis;
}

export interface Findings {
  /** Those that stand: worst first, of the same severity the newest first. */
  standing: FindingRow[];
  /** Those that ended, newest end first. */
  ended: FindingRow[];
  /** By name of the node. */
  learning: LearningRow[];
}

export function sorted(rows: Iterable<AnalyticsRow>): Findings {
  const found: Findings = { standing: [], ended: [], learning: [] };
  for (const row of rows) {
    if (row.row === "node") found.learning.push(row);
    else if (row.row === "finding") (row.state === "resolved" ? found.ended : found.standing).push(row);
  }
  found.standing.sort((a, b) => rank(b) - rank(a) || certainty(b) - certainty(a) || b.since - a.since || b.number - a.number);
  found.ended.sort(byEnd);
  found.learning.sort((a, b) => (a.node < b.node ? -1 : 1));
  return found;
}

const byEnd = (a: FindingRow, b: FindingRow): number => (b.until ?? b.changed) - (a.until ?? a.changed) || b.number - a.number;

/** What ended, from the answer and from what came since: each finding once, the newest end first. */
export function history(answered: readonly FindingRow[], live: readonly FindingRow[]): FindingRow[] {
  const byNumber = new Map<number, FindingRow>();
  for (const row of [...answered, ...live]) if (row.state === "resolved") byNumber.set(row.number, row);
  return [...byNumber.values()].sort(byEnd);
}

/** What the page takes from the answer of `/api/v1/findings`. */
export type Found = Pick<FindingsAnswer, "rows" | "more" | "help">;

export function readAnswer(body: unknown): Found | null {
  const answer = body as Partial<FindingsAnswer> | null;
  return Array.isArray(answer?.rows) ? { rows: answer.rows, more: answer.more ?? 0, help: answer.help ?? {} } : null;
}

/** How many stand, and the colour of the worst: none while nothing worse than a note does. */
export function badge(rows: Iterable<AnalyticsRow>): { count: number; kind: "" | "warn" | "bad" } {
  let number = 0;
  let worst = -1;
  for (const row of rows) {
    if (row.row !== "finding" || row.state === "resolved") continue;
    number += 1;
    worst = Math.max(worst, rank(row));
  }
  return { count: number, kind: worst >= 3 ? "bad" : worst === 2 ? "warn" : "" };
}

/** Words begin with a capital, unless they begin with the name of the node. */
export function sentence(words: string, node: string): string {
  return words.startsWith(node) ? words : words.charAt(0).toUpperCase() + words.slice(1);
}

export const headline = (row: Pick<FindingRow, "title" | "node">): string => sentence(row.title, row.node);

const share = (value: number): string => `${(100 * value).toFixed(1).replace(/\.0$/, "")}${NBSP}%`;

function perMinute(value: number): string {
  if (value === 0) return "none";
  const digits = (number: number): string => (number >= 9.95 ? count(Math.round(number)) : number.toFixed(1).replace(/\.0$/, ""));
  if (value >= 1) return `${digits(value)}${NBSP}/${NBSP}min`;
  if (value >= 1 / 60) return `${digits(value * 60)}${NBSP}/${NBSP}h`;
  return `${digits(value * 1440)}${NBSP}/${NBSP}d`;
}

function milliseconds(value: number): string {
  if (value < 950) return `${Math.round(value)}${NBSP}ms`;
  return value < 90_000 ? `${(value / 1000).toFixed(1)}${NBSP}s` : `${Math.round(value / 60_000)}${NBSP}min`;
}

const UNITS: Readonly<Record<string, (value: number) => string>> = {
  per_minute: perMinute,
  share,
  ms: milliseconds,
  bytes_per_day: (value) => `${bytes(value)}/d`,
  days,
  hours,
  usd_micros: money,
};

export function figure(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  return UNITS[unit]?.(value) ?? count(value);
}

/** "98.6–99.4 %": two figures, the unit once where both have the same; an open end is said as such. Null when both are open. */
export function between(from: number | null, to: number | null, unit: string): string | null {
  if (from === null && to === null) return null;
  if (to === null) return `at least ${figure(from, unit)}`;
  if (from === null) return `at most ${figure(to, unit)}`;
  const [one, other] = [figure(from, unit), figure(to, unit)];
  if (one === other) return one;
  const tail = other.slice(other.indexOf(NBSP));
  return other.includes(NBSP) && one.endsWith(tail) ? `${one.slice(0, -tail.length)}–${other}` : `${one} – ${other}`;
}

/** What the figure is to be held against. */
export function against(row: FindingRow): string {
  if (row.kind === "state") return "told at once";
  const band = row.band === null ? null : between(row.band[0], row.band[1], row.unit);
  if (row.kind !== "forecast") return band === null ? `usually ${figure(row.expected, row.unit)}` : `normal ${band}`;
  if (row.metric === "earnings") return `last month ${figure(row.expected, row.unit)}`;
  return band === null ? "forecast" : `forecast, ${band}`;
}

/** "since 14:05 (2 h ago)": of another day with its date. Times are those of this browser. */
export function sinceWhen(at: number, now: number): string {
  const when = dateTime(at);
  return `since ${when.slice(0, 10) === dateTime(now).slice(0, 10) ? when.slice(11) : when} (${ago(Math.max(0, now - at))})`;
}

/** How much all nodes together have to compare with: the least and the most hours, of how many. */
export function learned(rows: readonly LearningRow[]): { least: number; most: number; full: number; words: string } {
  const spans = rows.map((row) => Math.min(row.hours, row.full_hours));
  const full = Math.max(1, ...rows.map((row) => row.full_hours));
  const least = rows.length === 0 ? 0 : Math.min(...spans);
  const most = Math.max(0, ...spans);
  if (rows.length === 0) return { least, most, full, words: "nothing yet" };
  if (least >= full) return { least, most, full, words: "four weeks or more: all there is to learn from" };
  const range = least === most ? count(least) : `${count(least)} to ${count(most)}`;
  return { least, most, full, words: `${range} of ${plural(full, "hour")}` };
}
