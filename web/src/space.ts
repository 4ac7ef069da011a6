/** Parts of a node's space, its growth and its past, as words and columns. */
import { bytes, bytesChange, days, NBSP } from "./format";
import type { BarPart, ForecastSummary, HistoryAnswer, Level } from "./wire";

export interface PartName {
  name: string;
  /** Class of its colour. */
  key: string;
}

const PARTS: Readonly<Record<string, PartName>> = {
  pieces: { name: "pieces", key: "pieces" },
  used: { name: "used", key: "pieces" },
  trash: { name: "trash", key: "trash" },
  reclaimable: { name: "not yet compacted", key: "reclaimable" },
  overhead: { name: "overhead", key: "overhead" },
  free: { name: "free", key: "free" },
  reserved: { name: "reserved by the hashstore", key: "overhead" },
  missing: { name: "not on the disk", key: "missing" },
  unavailable: { name: "not offered", key: "free" },
};

export function partName(part: string): PartName {
  return PARTS[part] ?? { name: part.replaceAll("_", " "), key: "overhead" };
}

export interface Stretch extends BarPart {
  from: number;
  to: number;
}

/** Where each part lies on a bar of 100; nothing has no place. */
export function stretches(bar: readonly BarPart[]): Stretch[] {
  const whole = bar.reduce((sum, part) => sum + Math.max(0, part.bytes), 0);
  let from = 0;
  return bar.flatMap((part) => {
    const size = whole > 0 ? (100 * Math.max(0, part.bytes)) / whole : 0;
    if (size === 0) return [];
    const stretch = { ...part, from, to: from + size };
    from += size;
    return [stretch];
  });
}

export function forecastOf<T extends ForecastSummary>(forecasts: readonly T[], windowDays: number): T | null {
  return forecasts.find((forecast) => forecast.window_days === windowDays) ?? null;
}

/** Of 30, 7 and 90 days the first that has an answer, else the first: what to show before anybody chose. As the server's summaries choose it. */
export function firstKnown(forecasts: readonly ForecastSummary[]): number | null {
  const preferred = [30, 7, 90];
  const known = preferred.find((window) => forecastOf(forecasts, window)?.growth.state !== "unknown" && forecastOf(forecasts, window) !== null);
  return known ?? forecasts[0]?.window_days ?? null;
}

/** "+12.3 GB a day (10.1 to 14.2)"; why not, where it is unknown. */
export function growthText(forecast: ForecastSummary | null): string {
  if (forecast === null || forecast.growth.state === "unknown" || forecast.growth.bytes_per_day === null) return "unknown: too little data";
  const { state, bytes_per_day: rate, low, high } = forecast.growth;
  const band = low === null || high === null ? "" : ` (${bytesChange(low)} to ${bytesChange(high)})`;
  return `${state}, ${bytesChange(rate)} a day${band}`;
}

/** The same without the band: "growing, +12.3 GB a day". */
export function growthRate(forecast: ForecastSummary): string {
  const { state, bytes_per_day: rate } = forecast.growth;
  return rate === null ? state : `${state}, ${bytesChange(rate)} a day`;
}

export function levelName(level: Level): string {
  return level.level >= 1 ? "full" : `${Math.round(level.level * 100)}${NBSP}%`;
}

/** When a level is reached. */
export function levelWhen(level: Level, state: string): string {
  if (level.reached) return "reached";
  if (state === "unknown") return "unknown";
  if (level.days === null) return "not within ten years";
  return level.days < 0.5 ? "today" : `in ${days(level.days)}`;
}

/** The band of it: "35 days to 65 days"; "" where there is none. */
export function levelBand(level: Level): string {
  if (level.reached || level.earliest === null) return "";
  if (level.days === null) return `earliest in ${days(level.earliest)}`;
  if (level.latest === null) return `${days(level.earliest)} or never`;
  const [first, last] = [days(level.earliest), days(level.latest)];
  // A band that is narrower than the words can tell is none.
  return first === last ? "" : `${first} to ${last}`;
}

export function levelText(level: Level, state: string): string {
  const band = levelBand(level);
  return band === "" ? levelWhen(level, state) : `${levelWhen(level, state)} (${band})`;
}

export interface SpaceColumns {
  times: number[];
  /** Allocated, used, reported by satellites; null where nobody told. */
  allocated: (number | null)[];
  used: (number | null)[];
  reported: (number | null)[];
}

type Name = "allocated" | "used" | "reported";
const COLUMNS: readonly [Name, string][] = [
  ["allocated", "allocated_bytes"],
  ["used", "used_bytes"],
  ["reported", "reported_bytes"],
];
const NAMES: readonly Name[] = ["allocated", "used", "reported"];

/**
 * The history of the chosen nodes as one: at each time the sum of what each node said last. A sum begins when every
 * node that ever tells the figure has told it, so that a node that joins does not look like growth.
 */
export function spaceColumns(answer: HistoryAnswer, only: string | null): SpaceColumns {
  const wanted = answer.history.filter((one) => only === null || one.node === only);
  const places = new Map(COLUMNS.map(([name, column]) => [name, answer.columns.indexOf(column)]));
  const at = answer.columns.indexOf("at");
  const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
  const moves = wanted
    .flatMap((one, node) => one.points.map((point) => ({ node, time: number(point[at]), point })))
    .filter((move): move is typeof move & { time: number } => move.time !== null)
    .sort((a, b) => a.time - b.time);
  const tells = new Map(
    NAMES.map((name) => [name, new Set(moves.filter((move) => number(move.point[places.get(name) ?? -1]) !== null).map((move) => move.node))]),
  );
  const last = new Map(NAMES.map((name) => [name, new Map<number, number>()]));
  const columns: SpaceColumns = { times: [], allocated: [], used: [], reported: [] };
  for (const move of moves) {
    const again = columns.times.at(-1) === move.time;
    if (!again) columns.times.push(move.time);
    for (const name of NAMES) {
      const value = number(move.point[places.get(name) ?? -1]);
      const known = last.get(name);
      if (known === undefined) continue;
      if (value !== null) known.set(move.node, value);
      const complete = known.size > 0 && known.size === tells.get(name)?.size;
      const sum = complete ? [...known.values()].reduce((all, one) => all + one, 0) : null;
      if (again) columns[name][columns[name].length - 1] = sum;
      else columns[name].push(sum);
    }
  }
  return columns;
}

export function gapName(gap: string): string {
  const text = gap.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function ofCapacity(used: number | null | undefined, capacity: number | null): string | null {
  return used === null || used === undefined || capacity === null ? null : `${bytes(used)} of ${bytes(capacity)}`;
}
