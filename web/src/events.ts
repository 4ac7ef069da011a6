/** Events of nodes: the question with its filters, its pages, and what the rows say. */
import { dateTime } from "./format";
import type { Chip } from "./panels/states";
import type { EventFigure, EventKind, EventRow, EventsAnswer as Answer, GarbageRun } from "./wire";

export type { EventFigure, EventKind, EventRow, GarbageRun };
/** What the page takes from the answer of `/api/v1/events`. */
export type EventsAnswer = Pick<Answer, "as_of" | "rows" | "next" | "kinds" | "garbage" | "figures">;

/** What is asked for. `what`: "" = all, "kind:TAG" or "group:NAME"; `node`: "" = all nodes shown. */
export interface EventFilters {
  from: string;
  node: string;
  what: string;
  severity: string;
}

export const SEVERITIES: readonly { value: string; label: string; asked: readonly string[] }[] = [
  { value: "", label: "all severities", asked: [] },
  { value: "warning", label: "warnings and worse", asked: ["warning", "critical"] },
  { value: "critical", label: "critical only", asked: ["critical"] },
];

export function eventsUrl(base: string, filters: EventFilters, nodes: readonly string[] | null, before: string | null, limit: number): string {
  const url = new URL("api/v1/events", base);
  url.searchParams.set("from", filters.from);
  url.searchParams.set("limit", String(limit));
  for (const name of filters.node === "" ? (nodes ?? []) : [filters.node]) url.searchParams.append("node", name);
  const [kind, value] = [filters.what.slice(0, filters.what.indexOf(":")), filters.what.slice(filters.what.indexOf(":") + 1)];
  if (kind !== "") url.searchParams.set(kind, value);
  for (const severity of SEVERITIES.find((one) => one.value === filters.severity)?.asked ?? []) url.searchParams.append("severity", severity);
  if (before !== null) url.searchParams.set("before", before);
  return url.href;
}

export function readEvents(body: unknown): EventsAnswer | null {
  const answer = body as Partial<EventsAnswer> | null;
  if (!Array.isArray(answer?.rows)) return null;
  return {
    as_of: answer.as_of ?? null,
    rows: answer.rows,
    next: answer.next ?? null,
    kinds: answer.kinds ?? [],
    garbage: answer.garbage ?? [],
    figures: answer.figures ?? [],
  };
}

/** Kinds by their group, in the order of the monitor. */
export function groups(kinds: readonly EventKind[]): { name: string; kinds: EventKind[] }[] {
  const found = new Map<string, EventKind[]>();
  for (const kind of kinds) found.set(kind.group, [...(found.get(kind.group) ?? []), kind]);
  return [...found].map(([name, of]) => ({ name, kinds: of }));
}

const CHIPS: Readonly<Record<string, Chip>> = {
  critical: { kind: "bad", word: "critical" },
  warning: { kind: "warn", word: "warning" },
  info: { kind: "", word: "note" },
};

export const eventChip = (severity: string): Chip => CHIPS[severity] ?? { kind: "", word: severity };

const RUNS: Readonly<Record<GarbageRun["state"], Chip>> = {
  received: { kind: "busy", word: "filter received" },
  running: { kind: "busy", word: "running" },
  done: { kind: "good", word: "done" },
  failed: { kind: "bad", word: "failed" },
  nothing_moved: { kind: "warn", word: "moved nothing" },
};

export const runChip = (state: GarbageRun["state"]): Chip => RUNS[state];

/** One moment, or from when to when equal ones came. */
export function when(row: Pick<EventRow, "at" | "last" | "count">): string {
  return row.count === 1 || row.last - row.at < 60 ? dateTime(row.at) : `${dateTime(row.at)} to ${dateTime(row.last)}`;
}

/** What is worth a look first: the worst of the figures. */
export function worstFirst(figures: readonly EventFigure[]): EventFigure[] {
  const rank = { critical: 0, warning: 1, info: 2 };
  return [...figures].sort((a, b) => rank[a.severity] - rank[b.severity]);
}
