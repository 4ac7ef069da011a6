/** Money of a month by category, the node's own estimate beside ours, and what was paid. */
import { money } from "./format";
import type { EarningsRow, Month, PaidMonth } from "./wire_nodes";

export interface Category {
  id: string;
  name: string;
  of: (month: Month) => number;
  /** Bytes of it, where the category has any. */
  bytes?: (month: Month) => number;
}

export const CATEGORIES: readonly Category[] = [
  { id: "storage", name: "Storage", of: (month) => month.storage_usd_micros },
  { id: "egress", name: "Egress", of: (month) => month.egress_usd_micros, bytes: (month) => month.egress_bytes },
  { id: "repair", name: "Repair", of: (month) => month.repair_usd_micros, bytes: (month) => month.repair_bytes },
  { id: "audit", name: "Audit", of: (month) => month.audit_usd_micros, bytes: (month) => month.audit_bytes },
];

/** Rows of one kind, the largest expectation first; satellites of one node when it is given. */
export function rowsOf(rows: Iterable<EarningsRow>, kind: EarningsRow["kind"], node?: string): EarningsRow[] {
  const value = (row: EarningsRow): number => row.expected_usd_micros ?? row.now?.payout_usd_micros ?? 0;
  return [...rows]
    .filter((row) => row.kind === kind && (node === undefined || row.node === node))
    .sort((a, b) => value(b) - value(a) || (a.node < b.node ? -1 : 1) || (a.satellite < b.satellite ? -1 : 1));
}

/** What the page calls the whole: the fleet's row, or the one node when there is no other. */
export function wholeOf(rows: ReadonlyMap<string, EarningsRow>): EarningsRow | null {
  const nodes = rowsOf(rows.values(), "node");
  if (nodes.length === 1) return nodes[0] ?? null;
  return rows.get("") ?? null;
}

/** The difference of ours to the node's own estimate of this month so far, in words. */
export function gapText(row: EarningsRow): string {
  if (row.theirs === null || row.theirs.now_usd_micros === null) return "The node gives no estimate.";
  if (row.comparison?.agrees === true) return "Agrees with ours to the cent.";
  if (row.now === null) return "";
  const gap = row.now.payout_usd_micros - row.theirs.now_usd_micros;
  // Of a sum of nodes nobody compares categories: it agrees when each node could, within a cent.
  if (row.comparison === null && Math.abs(gap) <= 10_000 * (row.nodes ?? 1)) return "Agrees with ours to the cent.";
  return Math.abs(gap) < 5000 ? "The sums agree, the categories differ." : `Ours is ${money(Math.abs(gap))} ${gap > 0 ? "more" : "less"}.`;
}

export interface MonthBar {
  period: string;
  /** Month, and the year where one begins. */
  label: string;
  year: string;
  paid: number;
  held: number;
  /** Height of the parts on a scale of 100. */
  paidTop: number;
  heldTop: number;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "2026-03" → "Mar 2026"; what is no period stays as it is. */
export function monthName(period: string, year = true): string {
  const match = /^(\d{4})-(\d{2})$/.exec(period);
  const name = match === null ? undefined : MONTHS[Number(match[2]) - 1];
  if (match === null || name === undefined) return period;
  return year ? `${name} ${match[1]}` : name;
}

/** The newest `most` months, oldest first, with the bars' heights; a month of negative sums has none. */
export function monthBars(months: readonly PaidMonth[], most = 24): MonthBar[] {
  const kept = [...months].sort((a, b) => (a.period < b.period ? -1 : 1)).slice(-most);
  const size = (month: PaidMonth): { paid: number; held: number } => ({ paid: Math.max(0, month.paid_usd_micros), held: Math.max(0, month.held_usd_micros) });
  const top = Math.max(1, ...kept.map((month) => size(month).paid + size(month).held));
  return kept.map((month, place) => {
    const { paid, held } = size(month);
    return {
      period: month.period,
      label: monthName(month.period, false),
      year: place === 0 || month.period.endsWith("-01") ? month.period.slice(0, 4) : "",
      paid: month.paid_usd_micros,
      held: month.held_usd_micros,
      paidTop: (100 * paid) / top,
      heldTop: (100 * held) / top,
    };
  });
}

/** The address of the CSV file for the nodes shown. */
export function csvUrl(base: string, nodes: readonly string[] | null, kind: "paystubs" | "estimates"): string {
  const url = new URL("api/v1/earnings.csv", base);
  url.searchParams.set("kind", kind);
  for (const name of nodes ?? []) url.searchParams.append("node", name);
  return url.href;
}

/** What was held and what comes of it. */
export function heldText(row: EarningsRow): string {
  const held = row.held;
  if (held === null || held === undefined) return "";
  const parts: string[] = [];
  if (typeof held.percent === "number") parts.push(`${held.percent} % is held now`);
  if (typeof held.next_percent === "number" && held.next_percent !== held.percent && held.next_period)
    parts.push(`${held.next_percent} % from ${monthName(held.next_period)}`);
  if (typeof held.return_usd_micros === "number" && held.return_usd_micros > 0 && held.return_period)
    parts.push(`${money(held.return_usd_micros)} comes back in ${monthName(held.return_period)}`);
  if (typeof held.lost_usd_micros === "number" && held.lost_usd_micros > 0) parts.push(`${money(held.lost_usd_micros)} is lost`);
  return parts.join(" · ");
}
