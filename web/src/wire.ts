/**
 * The messages of `/ws` and the answers of `/api/v1` that the page uses, as docs/protocol.md states them.
 * Everything that arrives is text from outside: `parseMessage` checks the envelope, panels show values as text only.
 */

import type { AnalyticsRow } from "./wire_analytics";
import { NODE_TOPICS, type HelpTexts, type NodeRows } from "./wire_nodes";

export const PROTOCOL = 1;

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
] as const;
export type TableTopic = (typeof TABLE_TOPICS)[number];
export type Topic = "live" | TableTopic;
export const TOPICS: readonly Topic[] = ["live", ...TABLE_TOPICS];

/** How busy the server is, and so what it sends; a server older than this page does not say. */
export interface WireLoad {
  state: "normal" | "downsampled" | "paused";
  reason: "" | "lag" | "commits" | "loop";
  lag_bytes: number;
  left_s: number | null;
  commits_waiting: number;
  loop_lag_ms: number;
}

export interface LoadMessage extends WireLoad {
  k: "load";
  now: number;
}

export interface Hello {
  k: "hello";
  protocol: number;
  version: string;
  demo: boolean;
  now: number;
  nodes: string[];
  coalesce_ms: number;
  slow_hz: number;
  sample: number;
  /** See thresholds.ts; a server may say fewer. */
  thresholds?: { silent_s?: number; success_pct?: number };
  load?: WireLoad;
  /** What happened to the database since the monitor was started. */
  store?: { notices: string[] };
  /** A password is set: there is something to log out of. */
  login?: boolean;
}

/** `[second, up_bytes, down_bytes, up_ops, down_ops]` */
export type SecondTotals = [number, number, number, number, number];

export interface WireRing {
  t: number;
  step: number;
  up_bytes: number[];
  down_bytes: number[];
  up_ops: number[];
  down_ops: number[];
}

export interface LiveSnap {
  n: number;
  sats: Record<string, string>;
  ring: WireRing;
}

export interface LiveDelta {
  n: number;
  tot: SecondTotals[];
}

export interface TableSnap {
  n: number;
  as_of: number;
  /** Where the figures begin, for topics of a stretch of time. */
  from?: number;
  rows: Record<string, unknown>;
  /** Words on the figures, by their name; topics on what nodes say about themselves have them. */
  help?: HelpTexts;
  /** The rows are summaries: a view of several nodes has no more. */
  summary?: boolean;
}

export interface TableDelta {
  n: number;
  as_of: number;
  from?: number;
  set?: Record<string, unknown>;
  del?: string[];
  /** Sent instead of `set` and `del` when the server is told to send no differences. */
  rows?: Record<string, unknown>;
}

export interface Snap {
  k: "snap";
  view: string[];
  now: number;
  load?: WireLoad;
  topics: Partial<Record<Topic, LiveSnap | TableSnap>>;
}

export interface Delta {
  k: "delta";
  now: number;
  topics: Partial<Record<Topic, LiveDelta | TableDelta>>;
}

export interface Reply {
  k: "re";
  id: number;
  ok?: boolean;
  error?: { code: string; message: string };
}

export type ServerMessage = Hello | Snap | Delta | LoadMessage | Reply;

export type Command =
  | { cmd: "subscribe"; id: number; topics: readonly Topic[]; nodes: readonly string[] | null }
  | { cmd: "hint"; id: number; hidden: boolean }
  | { cmd: "ping"; id: number };

export type NodeState = "live" | "catching_up" | "waiting" | "error" | "off";

/** The one state of a node, the worst first. */
export type NodeStateName = "down" | "at_risk" | "warning" | "learning" | "ok" | "no_data";

export interface StateReason {
  code: string;
  state: NodeStateName;
  sentence: string;
  since: number | null;
  source: string;
  subject: string | null;
}

/** `state` and `detail` are those of its log; the node's own state comes from a server that judges it. */
export interface NodeRow {
  state: NodeState;
  detail: string;
  last_line: number | null;
  read_at: number | null;
  lag_bytes: number;
  lines: number;
  version: string;
  node_id: string;
  path: string;
  since: number | null;
  node_state?: NodeStateName;
  node_state_since?: number | null;
  node_state_reason?: string;
  reasons?: StateReason[];
  /** Absent where a server older than the page does not tell it. */
  log?: LogCharacter;
}

/** What kind of log a node has. `transfers` false: no lines of successes, so rates from it are unknown; `quiet`: silence means nothing. */
export interface LogCharacter {
  form: "" | "console" | "json" | "gcloudlogging" | "unknown";
  wrappers: string[];
  level: string;
  transfers: boolean;
  quiet: boolean;
  /** Why traffic and success are unknown; "" where they are not. Absent from an older server. */
  untold?: string;
  understood_pct: number | null;
  node_ids: string[];
  remarks: { trouble: "not_understood" | "above_info" | "no_transfers" | "two_nodes"; text: string }[];
}

export interface ActionRow {
  success: number | null;
  canceled: number;
  failed: number;
  bytes: number | null;
  all_bytes: number;
  /** Results of logs that do not tell successes: part of no rate. */
  untold?: number;
  /** Of `failed`: what only the node's counters know. */
  only_counted?: number;
  /** Uploads that the node turned away because it had too many at once; no part of the other counts. */
  rejected?: number;
  /** A log at INFO, without counters: failed uploads may be missing. */
  may_hide?: boolean;
  timed: number;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  /** Null when nothing was timed. */
  resolution_ms: number | null;
  mean_ms?: number | null;
  /** `log`, `metrics` (the node's own counters) or `mixed`. */
  source?: string;
  timed_source?: string | null;
}

export type Outcomes = [number, number, number];

export interface SatelliteRow {
  name: string;
  put: Outcomes;
  get: Outcomes;
  audit: Outcomes;
  repair: Outcomes;
  up_bytes: number;
  down_bytes: number;
}

export interface SizeRow {
  count: number;
  success: number;
}

export interface ErrorRow {
  level: string;
  logger: string;
  message: string;
  template: string;
  count: number;
  first: number;
  last: number;
  sample: string;
  satellite: string;
  /** What it threatens, in words; `rank` 0 is the worst. */
  class: string;
  rank: number;
  severity: "critical" | "warning" | "info";
  /** Names of the nodes that had it, at most 20; `node_count` says how many there are. */
  nodes: readonly string[];
  node_count: number;
}

export interface PieceRow {
  piece_id: string;
  count: number;
  error: number;
  bytes: number;
  satellite: string;
}

export interface CountryRow {
  up_count: number;
  down_count: number;
  up_bytes: number;
  down_bytes: number;
}

export interface CompactionRow {
  node: string;
  satellite: string;
  name?: string;
  store: string;
  state: "running" | "done" | "failed" | "broken_off";
  started: number | null;
  finished: number | null;
  duration_s: number | null;
  stage: string | null;
  error: string | null;
  reclaimed: string | null;
  total: string | null;
  rewritten: string | null;
  trashed: string | null;
  expired: string | null;
}

export interface LineTotalsRow {
  lines: number;
  understood: number;
  ignored: number;
  not_understood: number;
}

export interface LineReasonRow {
  node: string;
  kind: "ignored" | "not_understood";
  logger: string;
  message: string;
  count: number;
  sample: string;
}

export interface TableRows extends NodeRows {
  nodes: NodeRow;
  actions: ActionRow;
  satellites: SatelliteRow;
  sizes: SizeRow;
  errors: ErrorRow;
  pieces: PieceRow;
  countries: CountryRow;
  compactions: CompactionRow;
  lines: LineTotalsRow | LineReasonRow;
  analytics: AnalyticsRow;
}

export interface TrafficSeries {
  action: string;
  direction: "up" | "down";
  outcome: "success" | "canceled" | "failed";
  count: (number | null)[];
  bytes: (number | null)[];
}

export interface TrafficAnswer {
  from: number;
  to: number;
  as_of: number;
  nodes: string[];
  bucket_s: number;
  times: number[];
  series: TrafficSeries[];
  /** Why successes and bytes are unknown (null); null or absent: they are known. */
  unknown?: string | null;
}

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
