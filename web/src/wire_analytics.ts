/** Findings of the analytics and how much they rest on: rows of the topic `analytics`, as docs/protocol.md states them. */
import type { NodeStateName } from "./wire";
import type { HelpTexts } from "./wire_nodes";

export interface Evidence {
  name: string;
  part: number;
  whole: number;
}

export interface FindingRow {
  row: "finding";
  number: number;
  node: string;
  satellite: string | null;
  satellite_name: string | null;
  direction: "up" | "down" | null;
  /** `state`: a reason of the node's own state, there from the first moment; it has no figures. */
  kind: "anomaly" | "change" | "forecast" | "state";
  /** Of a reason of the node's state: which state it makes. */
  node_state?: NodeStateName | null;
  metric: string;
  severity: "good" | "info" | "warning" | "critical";
  state: "new" | "active" | "resolved";
  /** Null while it stands, then why it ended. */
  resolved: string | null;
  /** Unix seconds: when it began by the data, was raised, changed last; `until` is null while it stands. */
  since: number;
  found: number;
  changed: number;
  until: number | null;
  title: string;
  /** Times in it are UTC. */
  text: string;
  advice: string;
  cause: string | null;
  unit: string;
  value: number | null;
  expected: number | null;
  band: [number | null, number | null] | null;
  z: number | null;
  samples: number | null;
  evidence: Evidence[];
  history: { state: string; at: number; value: number }[];
}

/** What is known of a node's usual ways. */
export interface LearningRow {
  row: "node";
  node: string;
  hours: number;
  full_hours: number;
  basis: "none" | "overall" | "hour_of_day" | "hour_of_week";
  words: string;
  judged_to: number | null;
  series: number;
  standing: number;
}

export type AnalyticsRow = FindingRow | LearningRow;

/** Answer of `/api/v1/findings`. */
export interface FindingsAnswer {
  rows: FindingRow[];
  more: number;
  help: HelpTexts;
}
