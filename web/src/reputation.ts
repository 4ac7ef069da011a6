/** Scores against the limits that satellites set, and the words on standing, trend, vetting and downtime. */
import { count, dateTime, hours, NBSP, plural } from "./format";
import type { AuditWindow, HistoryAnswer, ReputationSummary } from "./wire";

export type ScoreId = "audit" | "suspension" | "online";

/** `limit`: at or below it the satellite acts. */
export const SCORES: readonly { id: ScoreId; name: string; limit: number; below: string }[] = [
  { id: "audit", name: "Audit", limit: 0.96, below: "disqualified" },
  { id: "suspension", name: "Suspension", limit: 0.6, below: "suspended" },
  { id: "online", name: "Online", limit: 0.6, below: "suspended" },
];

export type Alarm = "good" | "warn" | "bad";

/** How much of the way from the limit to a score of 1 is left, 0 to 1. */
export function margin(value: number, limit: number): number {
  return Math.min(1, Math.max(0, (value - limit) / (1 - limit)));
}

/** The colour of a score: red at the limit or in the last quarter above it, amber below half. */
export function scoreAlarm(value: number, limit: number): Alarm {
  const left = margin(value, limit);
  if (left < 0.25) return "bad";
  return left < 0.5 ? "warn" : "good";
}

export function isDisqualified(row: ReputationSummary): boolean {
  return row.standing === "disqualified";
}

/** The date decides; without one the standing may still say it. */
export function since(row: ReputationSummary): { what: "disqualified" | "suspended"; at: number } | null {
  const lost = row.disqualified_at?.value;
  if (typeof lost === "number") return { what: "disqualified", at: lost };
  const suspended = row.suspended_at?.value;
  return typeof suspended === "number" ? { what: "suspended", at: suspended } : null;
}

const TRENDS: Readonly<Record<string, string>> = { unknown: "trend unknown", steady: "steady", rising: "rising", falling: "falling" };

export function trendWord(audits: NonNullable<ReputationSummary["disqualification_margin"]>): string {
  return TRENDS[audits.trend] ?? audits.trend;
}

export function trend(audits: NonNullable<ReputationSummary["disqualification_margin"]>): string {
  const word = trendWord(audits);
  if (audits.hours_to_disqualification === null || audits.trend !== "falling") return word;
  return `${word}, at 0.96 in ${hours(audits.hours_to_disqualification)}`;
}

/** How many audits in a row may fail; null: unknown. */
export function allowed(audits: ReputationSummary["disqualification_margin"]): string {
  return audits === null ? "unknown" : count(audits.failures_allowed);
}

export function budget(row: ReputationSummary): string {
  const { hours: left, estimated, state } = row.budget;
  if (left === null) return "unknown";
  if (state === "suspended") return "suspended already";
  if (left <= 0) return "none left";
  return `${estimated ? `≈${NBSP}` : ""}${hours(left)}`;
}

export function budgetWhy(row: ReputationSummary): string {
  const { hours: left, limited_by: by, estimated, state, windows } = row.budget;
  if (left === null) return "no online score yet";
  if (state === "suspended") return "until online is above 0.6";
  if (typeof row.budget.away_since === "number") return `away since ${dateTime(row.budget.away_since)}`;
  if (state === "young") return `no satellite can suspend it yet: it has ${count(Math.floor(windows / 2))} of 30 days of audits`;
  const reason = by === "contact" ? "until contact counts" : "until online 0.6";
  return estimated ? `${reason}, estimated` : reason;
}

/** Null when vetting is over or nobody tells. */
export function vetting(row: ReputationSummary): { audits: number | null; share: number; text: string } | null {
  const { done, audits, at_least: atLeast, audits_left: auditsLeft, hours: known, hours_left: hoursLeft } = row.vetting;
  if (done !== false) return null;
  const parts: string[] = [];
  if (audits !== null) parts.push(`${atLeast ? "at least " : ""}${count(Math.min(audits, 100))} of 100 audits`);
  if (known !== null) parts.push(`${count(Math.min(Math.floor(known), 504))} of 504${NBSP}h`);
  const shares = [auditsLeft === null ? null : 1 - auditsLeft / 100, hoursLeft === null ? null : 1 - hoursLeft / 504].filter((share) => share !== null);
  return { audits, share: shares.length === 0 ? 0 : Math.max(0, Math.min(...shares)), text: parts.length === 0 ? "vetting" : parts.join(", ") };
}

/** The worst first; the satellites' order by the server, and names where two are alike. */
export function worstFirst(rows: Iterable<[string, ReputationSummary]>): [string, ReputationSummary][] {
  return [...rows].sort((a, b) => a[1].rank - b[1].rank || (a[0] < b[0] ? -1 : 1));
}

/** How many stand how, the worst first: "1 disqualified, 2 vetting, 9 healthy". */
export function summary(rows: readonly ReputationSummary[]): { standing: string; count: number }[] {
  const order = ["disqualified", "suspended", "offline_suspended", "at_risk", "watch", "exiting", "unknown", "vetting", "healthy", "exited"];
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.standing, (counts.get(row.standing) ?? 0) + 1);
  const place = (standing: string): number => (order.includes(standing) ? order.indexOf(standing) : order.length);
  return [...counts].map(([standing, number]) => ({ standing, count: number })).sort((a, b) => place(a.standing) - place(b.standing));
}

/** Share of audits of a window that found the node online; null when there was none. */
export function onlineShare([, total, online]: AuditWindow): number | null {
  return total > 0 ? Math.min(1, online / total) : null;
}

export function windowsText(windows: readonly AuditWindow[]): string {
  const missed = windows.filter((window) => (onlineShare(window) ?? 1) < 1).length;
  if (windows.length === 0) return "No audit history.";
  return missed === 0 ? `${plural(windows.length, "window")}, none with a missed audit.` : `${plural(windows.length, "window")}, ${count(missed)} with missed audits.`;
}

export interface Steps {
  /** Stretches of time in which the score was this, oldest first. */
  steps: { from: number; to: number; value: number }[];
  low: number;
}

/** One score of one satellite out of the history; each value holds until the next one was told. Null where there is none. */
export function scoreSteps(answer: HistoryAnswer, satellite: string, column: string): Steps | null {
  const points = answer.history.find((one) => "satellite" in one && one.satellite === satellite)?.points ?? [];
  const [at, until, value] = ["at", "until", column].map((name) => answer.columns.indexOf(name));
  const number = (cell: unknown): number | null => (typeof cell === "number" && Number.isFinite(cell) ? cell : null);
  const steps = points.flatMap((point) => {
    const from = number(point[at ?? -1]);
    const told = number(point[value ?? -1]);
    return from === null || told === null ? [] : [{ from, to: Math.max(from, number(point[until ?? -1]) ?? from), value: told }];
  });
  steps.forEach((step, place) => {
    const next = steps[place + 1];
    if (next !== undefined) step.to = Math.max(step.from, next.from);
  });
  return steps.length === 0 ? null : { steps, low: Math.min(...steps.map((step) => step.value)) };
}
