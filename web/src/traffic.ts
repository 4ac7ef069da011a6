/** Bandwidth of the past: asks `/api/v1/traffic`, keeps the answers a while, and turns them into chart columns. */
import { ask, QuestionError } from "./ask";
import type { TrafficAnswer } from "./wire";

/** `refreshMs`: how long an answer is good enough; longer ranges have coarser buckets. */
export const RANGES = [
  { id: "5m", label: "5 min", name: "5 minutes", from: "-5m", seconds: 300, refreshMs: 0 },
  { id: "1h", label: "1 h", name: "hour", from: "-1h", seconds: 3600, refreshMs: 30_000 },
  { id: "6h", label: "6 h", name: "6 hours", from: "-6h", seconds: 21_600, refreshMs: 30_000 },
  { id: "24h", label: "24 h", name: "24 hours", from: "-24h", seconds: 86_400, refreshMs: 60_000 },
  { id: "7d", label: "7 d", name: "7 days", from: "-7d", seconds: 604_800, refreshMs: 60_000 },
  { id: "30d", label: "30 d", name: "30 days", from: "-30d", seconds: 2_592_000, refreshMs: 60_000 },
] as const;
export type Range = (typeof RANGES)[number];
export type RangeId = Range["id"];

export function rangeOf(id: RangeId): Range {
  return RANGES.find((range) => range.id === id) ?? RANGES[0];
}

export interface Columns {
  times: number[];
  /** Bytes a second; null where nothing can be said. */
  up: (number | null)[];
  down: (number | null)[];
}

export interface Totals {
  bytes: number;
  average: number;
  peak: number;
}

/** How a past stretch is shown: columns for the chart and totals for the legend. */
export interface Bandwidth {
  columns: Columns;
  up: Totals;
  down: Totals;
  bucketSeconds: number;
  /** Why nothing of it is known; null: it is. */
  unknown: string | null;
}

function sumBytes(answer: TrafficAnswer, direction: "up" | "down"): number[] {
  const sums = new Array<number>(answer.times.length).fill(0);
  for (const series of answer.series) {
    if (series.direction !== direction) continue;
    series.bytes.forEach((value, place) => {
      sums[place] = (sums[place] ?? 0) + (value ?? 0);
    });
  }
  return sums;
}

export function totals(rates: readonly (number | null)[], bytes: number, seconds: number): Totals {
  let peak = 0;
  for (const value of rates) if (value !== null && value > peak) peak = value;
  return { bytes, average: seconds > 0 ? bytes / seconds : 0, peak };
}

/**
 * Bytes of a bucket over the seconds of it that have passed. The running bucket is left open (null) until a fifth of it
 * is over: a rate from two seconds says little.
 */
export function bandwidth(answer: TrafficAnswer): Bandwidth {
  const bucket = answer.bucket_s;
  const end = Math.min(answer.to, answer.as_of ?? answer.to);
  const elapsed = answer.times.map((start) => Math.min(bucket, end - start));
  const side = (direction: "up" | "down"): { rates: (number | null)[]; totals: Totals } => {
    const sums = sumBytes(answer, direction);
    const rates = sums.map((value, place) => {
      const seconds = elapsed[place] ?? 0;
      return seconds < bucket / 5 ? null : value / seconds;
    });
    const all = sums.reduce((sum, value) => sum + value, 0);
    return { rates, totals: totals(rates, all, Math.max(1, end - answer.from)) };
  };
  const up = side("up");
  const down = side("down");
  return { columns: { times: answer.times, up: up.rates, down: down.rates }, up: up.totals, down: down.totals, bucketSeconds: bucket, unknown: answer.unknown ?? null };
}

export function trafficUrl(base: string, range: Range, nodes: readonly string[] | null): string {
  const url = new URL("api/v1/traffic", base);
  url.searchParams.set("from", range.from);
  url.searchParams.set("bucket", "auto");
  for (const name of nodes ?? []) url.searchParams.append("node", name);
  return url.href;
}

export async function askTraffic(url: string, signal: AbortSignal): Promise<TrafficAnswer> {
  const answer = (await ask(url, signal)) as TrafficAnswer | null;
  if (answer === null || !Array.isArray(answer.times) || !Array.isArray(answer.series)) throw new QuestionError("The answer could not be read.");
  return answer;
}

interface Kept {
  at: number;
  value: Bandwidth;
  asOf: number;
}

/** Answers by address; old ones are good for a first look while a new one is on its way. */
export class TrafficCache {
  private readonly kept = new Map<string, Kept>();

  get(url: string): Kept | null {
    return this.kept.get(url) ?? null;
  }

  put(url: string, answer: TrafficAnswer, at: number): Kept {
    const entry = { at, value: bandwidth(answer), asOf: answer.as_of ?? answer.from };
    this.kept.delete(url);
    this.kept.set(url, entry);
    const oldest = this.kept.keys().next();
    if (this.kept.size > 24 && !oldest.done) this.kept.delete(oldest.value);
    return entry;
  }
}
