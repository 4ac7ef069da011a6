/** Results by action: what a row is called, who told it, and its durations. */
import { DASH, duration, NBSP } from "./format";
import type { ActionRow } from "./wire";

const WORDS: Record<string, string> = {
  PUT: "Upload",
  GET: "Download",
  GET_AUDIT: "Audit",
  PUT_REPAIR: "Repair upload",
  GET_REPAIR: "Repair download",
  PUT_GRACEFUL_EXIT: "Exit upload",
  GET_GRACEFUL_EXIT: "Exit download",
};

/** The node's own counters do not tell uploads apart. */
export function actionName(action: string, up: boolean, row: ActionRow): string {
  const known = WORDS[action];
  if (known !== undefined) return known;
  if (up && row.source === "metrics") return "Upload, all kinds";
  return up ? "Upload, other" : "Download, other";
}

/** Null where the log told all of it, as is usual. */
export function teller(row: ActionRow): string | null {
  if (row.source === "metrics") return "by /metrics";
  return row.source === "mixed" ? "by log and /metrics" : null;
}

export interface Durations {
  p50: string;
  p95: string;
  why: string | null;
}

/** Counters give a mean, and percentiles of the node's recent sample where there is one node. */
export function durations(row: ActionRow): Durations {
  if (row.timed === 0) return { p50: DASH, p95: DASH, why: null };
  if (row.timed_source !== "metrics") return { p50: duration(row.p50_ms, row.resolution_ms), p95: duration(row.p95_ms, row.resolution_ms), why: null };
  const mean = row.mean_ms ?? null;
  if (row.p50_ms !== null) return { p50: duration(row.p50_ms, 1), p95: DASH, why: `by the node's own counters (its recent sample); mean ${duration(mean, 1)}` };
  return { p50: `ø${NBSP}${duration(mean, 1)}`, p95: DASH, why: "the mean by the nodes' own counters: they tell no median of all" };
}

/** One sentence under the table on where figures come from. */
export function sources(rows: readonly ActionRow[]): string {
  const counts = rows.some((row) => row.source === "metrics" || row.source === "mixed");
  const times = rows.some((row) => row.timed > 0 && row.timed_source === "metrics");
  const noTimes = rows.length > 0 && rows.every((row) => row.timed === 0);
  if (counts) return "The log does not show all transfers: rows with “by /metrics” are from the node's own counters, since the monitor began to read them, at most an hour.";
  if (times) return "The log has no start lines: durations are from the node's own counters (/metrics).";
  if (noTimes) return "No durations: this log has no start lines (level DEBUG has them), and the node's /metrics is not read.";
  const coarse = rows.some((row) => row.timed > 0 && (row.resolution_ms ?? 0) >= 1000);
  return coarse ? "From the log, which has whole seconds: durations are no finer." : "From the log.";
}
