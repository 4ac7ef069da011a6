/**
 * Numbers and times as text. Sizes and rates are decimal (1 MB = 1,000,000 bytes); only the size classes of
 * transfers, which the monitor cuts at powers of two, are named in binary units.
 */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"] as const;
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
export const NBSP = "\u00a0";
export const DASH = "–";

export interface Quantity {
  value: string;
  unit: string;
}

/** Three significant digits, never more than the number has. */
function significant(value: number): string {
  if (value === 0) return "0";
  if (value >= 99.95) return WHOLE.format(value);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A size split in value and unit, for figures that set the two apart. */
export function splitBytes(bytes: number): Quantity {
  if (!Number.isFinite(bytes)) return { value: DASH, unit: "B" };
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return { value: unit === 0 ? WHOLE.format(value) : significant(value), unit: UNITS[unit] ?? "B" };
}

export function bytes(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  const split = splitBytes(value);
  return `${split.value}${NBSP}${split.unit}`;
}

export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** Label of an axis tick: short, the same unit spelling. */
export function axisBytes(value: number): string {
  if (value === 0) return "0";
  const split = splitBytes(Math.abs(value));
  return `${split.value.replace(/\.0+$|(\.[0-9]*?)0+$/, "$1")}${NBSP}${split.unit}`;
}

export function axisRate(bytesPerSecond: number): string {
  return bytesPerSecond === 0 ? "0" : `${axisBytes(bytesPerSecond)}/s`;
}

/** A count: every digit up to a million, three significant digits above. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  if (value < 999_999.5) return WHOLE.format(value);
  if (value < 999_500_000) return `${significant(value / 1e6)}${NBSP}M`;
  return `${significant(value / 1e9)}${NBSP}G`;
}

export function perSecond(value: number): string {
  if (value === 0) return "0";
  return value >= 99.95 ? WHOLE.format(value) : value.toFixed(1);
}

/** A share in percent that is never rounded to 0 or 100 when it is neither. */
export function percent(part: number, whole: number): string {
  if (!(whole > 0)) return DASH;
  const share = (100 * part) / whole;
  if (part <= 0) return `0${NBSP}%`;
  if (part >= whole) return `100${NBSP}%`;
  if (share < 0.1) return `<${NBSP}0.1${NBSP}%`;
  if (share > 99.9) return `>${NBSP}99.9${NBSP}%`;
  return `${share.toFixed(1)}${NBSP}%`;
}

/** How long ago: "now", "12 s", "3 min", "2 h", "5 d". */
export function age(seconds: number): string {
  if (!Number.isFinite(seconds)) return DASH;
  if (seconds < 1.5) return "now";
  if (seconds < 90) return `${Math.round(seconds)}${NBSP}s`;
  if (seconds < 90 * 60) return `${Math.floor(seconds / 60)}${NBSP}min`;
  // whole ones that are over, as the sentences of the monitor have them: 7 h 40 min are nowhere 8 h
  if (seconds < 36 * 3600) return `${Math.floor(seconds / 3600)}${NBSP}h`;
  return `${WHOLE.format(Math.floor(seconds / 86400))}${NBSP}d`;
}

export function ago(seconds: number): string {
  const text = age(seconds);
  return text === "now" || text === DASH ? text : `${text} ago`;
}

/** A stretch of time: "45 s", "1 min 48 s", "2 h 38 min". */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds)) return DASH;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${NBSP}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${NBSP}min${NBSP}${whole % 60}${NBSP}s`;
  return `${WHOLE.format(Math.floor(whole / 3600))}${NBSP}h${NBSP}${Math.floor((whole % 3600) / 60)}${NBSP}min`;
}

/** How long something lasts, as coarse as an age: "45 s", "50 min", "2 h". */
export function lasting(seconds: number): string {
  return seconds < 1.5 ? "a moment" : age(seconds);
}

/**
 * A measured duration, no finer than it was measured: node logs since v1.83 have whole seconds, so two stamps one
 * second apart mean "up to a second", and longer ones are good to a second.
 */
export function duration(milliseconds: number | null, resolutionMs: number | null): string {
  if (milliseconds === null || resolutionMs === null || milliseconds < 0) return DASH;
  if (resolutionMs >= 1000) {
    // Percentiles come from a sketch that is good to 2 %: anything nearer to one step than to two is one step.
    if (milliseconds < 1.5 * resolutionMs) return `≤${NBSP}${Math.round(resolutionMs / 1000)}${NBSP}s`;
    return `≈${NBSP}${span(milliseconds / 1000)}`;
  }
  if (milliseconds < 1000) return `${Math.round(milliseconds)}${NBSP}ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)}${NBSP}s`;
  return span(milliseconds / 1000);
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Wall clock of this browser, 24 hours. */
export function clockTime(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function dateTime(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Enough of a long id to know it again. */
export function shortId(id: string, head = 5, tail = 4): string {
  return id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)}${NBSP}${value === 1 ? one : many}`;
}

const CLASS_LABELS = ["< 1 KiB", "1–4 KiB", "4–16 KiB", "16–64 KiB", "64–256 KiB", "256 KiB–1 MiB", "1–2 MiB", "≥ 2 MiB"];

/** Name of a size class of the topic `sizes`. */
export function sizeClass(index: number): string {
  return CLASS_LABELS[index] ?? String(index);
}

let regions: Intl.DisplayNames | null | undefined;

/** The English name of a country code; the browser knows them, so this works offline. */
export function country(code: string): string {
  if (code === "") return "Unknown or private";
  if (regions === undefined) regions = typeof Intl.DisplayNames === "function" ? new Intl.DisplayNames("en", { type: "region" }) : null;
  try {
    return regions?.of(code) ?? code;
  } catch {
    return code;
  }
}

const DOLLARS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const MICROS_PER_CENT = 10_000;

/** Money from whole micro-dollars, to the cent; what is less than half a cent is said to be so, not shown as nothing. */
export function money(micros: number | null | undefined): string {
  if (micros === null || micros === undefined || !Number.isFinite(micros)) return DASH;
  const sign = micros < 0 ? "−" : "";
  const size = Math.abs(micros);
  if (size > 0 && size < MICROS_PER_CENT / 2) return `${sign === "" ? "<" : "−<"}${NBSP}$0.01`;
  return `${sign}$${DOLLARS.format(Math.round(size / MICROS_PER_CENT) / 100)}`;
}

/** A difference of money with its sign. */
export function moneyChange(micros: number): string {
  return micros > 0 ? `+${money(micros)}` : money(micros);
}

/** A score of 0 to 1, cut (never rounded up) to four places: it must not look better than it is. */
export function score(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  if (value >= 1) return "1";
  // A float just below a fourth place is that place: 0.96 is not 0.9599.
  return (Math.floor(Math.max(0, value) * 1e4 + 1e-7) / 1e4).toFixed(4);
}

/** A stretch of hours as people plan, cut and never rounded up: "45 min", "20 h", "11.9 d". */
export function hours(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  if (value > 0 && value < 1 / 60) return `<${NBSP}1${NBSP}min`;
  if (value < 1) return `${Math.max(0, Math.floor(value * 60))}${NBSP}min`;
  if (value < 72) return `${Math.floor(value)}${NBSP}h`;
  if (value < 2400) return `${(Math.floor(value / 2.4) / 10).toFixed(1).replace(".0", "")}${NBSP}d`;
  return `${WHOLE.format(Math.floor(value / 24))}${NBSP}d`;
}

/** Days from now: "today", "12 days", "5 months", "3.2 years". */
export function days(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  if (value < 0.5) return "today";
  if (value < 91) return plural(Math.round(value), "day");
  if (value < 730) return plural(Math.round(value / 30.4), "month");
  return `${(value / 365.25).toFixed(1)}${NBSP}years`;
}

/** A change of bytes with its sign. */
export function bytesChange(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  if (value === 0) return bytes(0);
  return `${value > 0 ? "+" : "−"}${bytes(Math.abs(value))}`;
}

/** A date without the time of day. */
export function day(unixSeconds: number): string {
  return dateTime(unixSeconds).slice(0, 10);
}

/** The stretch that a table covers: an hour, or less where the server began later (a restart, a full hour). */
export function since(table: { asOf: number; from?: number } | null): string {
  if (table?.from === undefined || table.asOf <= 0 || table.asOf - table.from >= 58 * 60) return "last 60 min";
  return `since ${clockTime(table.from)}`;
}
