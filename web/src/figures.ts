/** Where a figure comes from and how old it is, in the same words everywhere. */
import { ago, DASH } from "./format";
import type { HelpText, HelpTexts, Known } from "./wire";

const SOURCES: Readonly<Record<string, string>> = {
  api: "node API",
  metrics: "node /metrics",
  log: "log",
  file_system: "file system",
  probe: "own probe",
  computed: "computed",
};

export function sourceName(source: string): string {
  return SOURCES[source] ?? source;
}

/** "node API, 3 min ago"; what is unknown says so. */
export function origin(figure: Known<unknown> | undefined, now: number): string {
  if (figure === null || figure === undefined) return "unknown";
  return `${sourceName(figure.source)}, ${ago(Math.max(0, now - figure.at))}`;
}

/** One origin for several figures: their sources, and the age of the oldest. Null when none of them is known. */
export function origins(figures: readonly (Known<unknown> | undefined)[], now: number): string | null {
  const known = figures.filter((figure) => figure !== null && figure !== undefined);
  if (known.length === 0) return null;
  const names = [...new Set(known.map((figure) => sourceName(figure.source)))];
  const oldest = Math.min(...known.map((figure) => figure.at));
  return `${names.join(" and ")}, ${ago(Math.max(0, now - oldest))}`;
}

export function shown<T>(figure: Known<T> | undefined, text: (value: T) => string): string {
  return figure === null || figure === undefined ? DASH : text(figure.value);
}

/** A line of a list of facts: what it is, its value, where from, and the words on it. */
export interface Fact {
  id: string;
  name: string;
  value: string;
  origin: string;
  help: HelpText | null;
  alarm?: "warn" | "bad" | undefined;
}

/** Terms for a card's help, in the order of `names`; what the monitor has no words on is left out. */
export function terms(names: Readonly<Record<string, string>>, help: HelpTexts | undefined): { name: string; help: HelpText }[] {
  return Object.entries(names).flatMap(([id, name]) => {
    const text = help?.[id];
    return text === undefined ? [] : [{ name, help: text }];
  });
}
