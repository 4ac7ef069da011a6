/**
 * The messages of `/ws` and the answers of `/api/v1`, as docs/protocol.md states them; their types are made from the server's own (wire.gen.ts).
 * Everything that arrives is text from outside: `parseMessage` checks the envelope, panels show values as text only.
 */

import type { EarningsAnswer as Earnings, Figure, HelpText, LiveDelta, NodeRow, ReputationAnswer, SatelliteRow, ServerMessage, ShownRows, StorageAnswer, Topic, TopicRows } from "./wire.gen";

export type * from "./wire.gen";

export const PROTOCOL = 2;

export const NODE_TOPICS = ["reputation", "storage", "earnings", "health"] as const;
export const TABLE_TOPICS = [
  "nodes",
  "actions",
  "satellites",
  "sizes",
  "errors",
  "pieces",
  "countries",
  "compactions",
  "lines",
  ...NODE_TOPICS,
  "analytics",
] as const satisfies readonly (keyof ShownRows)[];
export type NodeTopic = (typeof NODE_TOPICS)[number];
export type TableTopic = (typeof TABLE_TOPICS)[number];
export const TOPICS: readonly Topic[] = ["live", ...TABLE_TOPICS];

/** Rows of the topics, which are summaries where `summary` says so. */
export type TableRows = Omit<ShownRows, "earnings"> & { earnings: EarningsSummary };
/** Rows of views of one node, and of `/api/v1`. */
export type WholeNodeRows = Pick<TopicRows, NodeTopic>;

/** A value with where it comes from and when that was; a null figure is told by nobody. */
export type Known<T> = Figure<T> | null;
export type HelpTexts = Readonly<Record<string, HelpText>>;
export type SecondTotals = LiveDelta["tot"][number];
export type Outcomes = SatelliteRow["put"];
export type AuditWindow = TopicRows["reputation"]["windows"][number];
export type NodeState = NodeRow["state"];
export type NodeStateName = NodeRow["node_state"];
export type AnalyticsRow = TopicRows["analytics"];
export type StorageRow = TopicRows["storage"];
export type StorageSummary = ShownRows["storage"];

type KeysOf<U> = U extends unknown ? keyof U : never;
/** One shape for rows of several kinds: what a kind does not have is undefined. */
type AnyOf<U, K extends PropertyKey = KeysOf<U>> = U extends unknown ? U & Partial<Record<Exclude<K, keyof U>, undefined>> : never;
export type EarningsRow = AnyOf<TopicRows["earnings"]>;
export type EarningsSummary = AnyOf<ShownRows["earnings"] | TopicRows["earnings"]>;
export type Held = AnyOf<NonNullable<EarningsRow["held"]>>;

export const SPACE_FIGURES = [
  "allocated",
  "used",
  "pieces",
  "trash",
  "reclaimable",
  "overhead",
  "reserved",
  "free",
  "overused",
  "file_system_total",
  "file_system_free",
  "reported",
  "reported_month",
  "unpaid",
] as const satisfies readonly (keyof StorageRow)[];
export type SpaceFigure = (typeof SPACE_FIGURES)[number];

/** The part of an answer that has points, which are lists in the order of `columns`. */
export type HistoryAnswer = Required<Pick<ReputationAnswer, "from" | "to" | "as_of" | "columns" | "history">> | Required<Pick<StorageAnswer, "from" | "to" | "as_of" | "columns" | "history">>;
/** What is asked for at first of `/api/v1/earnings`; single paystubs and scores come when a reader opens them. */
export type EarningsAnswer = Required<Pick<Earnings, "as_of" | "months" | "missing_periods" | "sums">>;

export type Command =
  | { cmd: "subscribe"; id: number; topics: readonly Topic[]; nodes: readonly string[] | null }
  | { cmd: "hint"; id: number; hidden: boolean }
  | { cmd: "ping"; id: number };

const KINDS = new Set(["hello", "snap", "delta", "load", "re"]);

/** The message in a frame, or null when the frame is none: a page never falls over a frame. */
export function parseMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const kind = (value as { k?: unknown }).k;
  return typeof kind === "string" && KINDS.has(kind) ? (value as ServerMessage) : null;
}
