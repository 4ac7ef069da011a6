/** Money of a month by category, the node's own estimate beside ours, and what was paid. */
import { money, NBSP } from "./format";
import type { Currency, EarningsAnswer, EarningsRow, EarningsSummary, Held, Month, PaidMonth } from "./wire";

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
export function rowsOf<T extends EarningsSummary>(rows: Iterable<T>, kind: EarningsRow["kind"], node?: string): T[] {
  const value = (row: T): number => row.expected_usd_micros ?? row.now?.payout_usd_micros ?? 0;
  return [...rows]
    .filter((row) => row.kind === kind && (node === undefined || row.node === node))
    .sort((a, b) => value(b) - value(a) || (a.node < b.node ? -1 : 1) || (a.satellite < b.satellite ? -1 : 1));
}

/** What the page calls the whole: the fleet's row, or the one node when there is no other. Both are whole rows where `summary` is false. */
export function wholeOf(rows: ReadonlyMap<string, EarningsSummary>, summary = false): EarningsRow | null {
  const nodes = rowsOf(rows.values(), "node");
  const whole = nodes.length === 1 && !summary ? nodes[0] : rows.get("");
  return (whole as EarningsRow | undefined) ?? null;
}

/** The difference of ours to the node's own estimate of this month so far, in words. */
export function gapText(row: EarningsSummary): string {
  if (row.theirs === null || row.theirs.now_usd_micros === null) return "The node gives no estimate.";
  if (row.comparison?.agrees === true) return "Agrees with ours to the cent.";
  if (row.now === null) return "";
  const gap = row.now.payout_usd_micros - row.theirs.now_usd_micros;
  return Math.abs(gap) < 5000 ? "The sums agree, the categories differ." : `Ours is ${money(Math.abs(gap))} ${gap > 0 ? "more" : "less"}.`;
}

/** The same amount in another currency: "28.76 EUR"; "" where none is set. */
export function converted(micros: number | null | undefined, currency: Currency | null | undefined): string {
  if (micros === null || micros === undefined || currency === null || currency === undefined || !Number.isFinite(micros)) return "";
  const amount = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format((micros / 1e6) * currency.per_usd);
  return `${amount.replace("-", "−")}${NBSP}${currency.code}`;
}

/** "$40.73 to $41.39", or "" where the band is narrower than a cent or unknown. */
export function bandText(row: EarningsRow): string {
  const band = row.band;
  if (band === null || band === undefined) return "";
  const [low, high] = [money(band.low_usd_micros), money(band.high_usd_micros)];
  return low === high ? "" : `${low} to ${high}`;
}

/** Where a satellite's prices come from: its own words, and which the operator has set. */
export function priceSource(prices: EarningsRow["prices"]): { from: string; own: string } {
  if (prices === null || prices === undefined) return { from: "", own: "" };
  const own = prices.overridden.map((name) => name.replace(/_.*/, "")).join(", ");
  return { from: prices.source === "settings" ? "your settings" : prices.source, own: own === "" || prices.source === "settings" ? "" : `${own}: your settings` };
}

/** Days of the month from 0 (its beginning) to `days` (its end), money in micro-dollars. */
export interface MonthLine {
  period: string;
  days: number;
  /** What is earned at the end of each day, the last one now. */
  earned: { day: number; micros: number }[];
  /** From now to the month's end: what is expected there, and the band around it. */
  end: { expected: number; low: number | null; high: number | null };
  /** What was expected of the whole month, by the day it was reckoned. */
  made: { day: number; micros: number }[];
  top: number;
}

const DAY_S = 86_400;

/** The month as a line: what each day brought, and where it is going. Null while there is nothing to draw. */
export function monthLine(answer: EarningsAnswer, whole: EarningsRow): MonthLine | null {
  const now = whole.now;
  if (now === null) return null;
  const [year, month] = now.period.split("-").map(Number);
  const begin = Date.UTC(year ?? 0, (month ?? 1) - 1, 1) / 1000;
  const days = Math.round((Date.UTC(year ?? 0, month ?? 1, 1) / 1000 - begin) / DAY_S);
  const through = Math.min(days, (now.through - begin) / DAY_S);
  const earned = [{ day: 0, micros: 0 }];
  for (const one of answer.sums.days) {
    const day = Math.min((one.day - begin) / DAY_S + 1, through);
    if (day > 0) earned.push({ day, micros: (earned.at(-1)?.micros ?? 0) + one.payout_usd_micros });
  }
  if (earned.length < 2) return null;
  // Cents that were rounded, and what was told since the days were asked: the line ends at the figure that stands above it.
  earned.push({ day: through, micros: now.payout_usd_micros });
  const expected = whole.expected_usd_micros ?? now.payout_usd_micros;
  const end = { expected, low: whole.band?.low_usd_micros ?? null, high: whole.band?.high_usd_micros ?? null };
  const made = madeForecasts(answer, now.period, begin);
  const top = Math.max(1, expected, end.high ?? 0, ...earned.map((one) => one.micros), ...made.map((one) => one.micros));
  return { period: now.period, days, earned, end, made, top };
}

/** What was expected of the whole month, by the day it was reckoned. */
function madeForecasts(answer: EarningsAnswer, period: string, begin: number): { day: number; micros: number }[] {
  const rows = answer.sums.forecasts.filter((one) => one.period === period);
  return rows.map((one) => ({ day: Math.floor((one.made - begin) / DAY_S) + 0.5, micros: one.expected_usd_micros }));
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
export function csvUrl(base: string, nodes: readonly string[] | null, kind: "paystubs" | "estimates" | "profit"): string {
  const url = new URL("api/v1/earnings.csv", base);
  url.searchParams.set("kind", kind);
  for (const name of nodes ?? []) url.searchParams.append("node", name);
  return url.href;
}

/** What was held and what comes of it. */
export function heldText(row: EarningsRow): string {
  const held: Held | null = row.held;
  if (held === null) return "";
  const parts: string[] = [];
  if (typeof held.percent === "number") parts.push(`${held.percent} % is held now`);
  if (typeof held.next_percent === "number" && held.next_percent !== held.percent && held.next_period)
    parts.push(`${held.next_percent} % from ${monthName(held.next_period)}`);
  if (typeof held.return_usd_micros === "number" && held.return_usd_micros > 0 && held.return_period)
    parts.push(`${money(held.return_usd_micros)} comes back in ${monthName(held.return_period)}`);
  if (typeof held.lost_usd_micros === "number" && held.lost_usd_micros > 0) parts.push(`${money(held.lost_usd_micros)} is lost`);
  return parts.join(" · ");
}
