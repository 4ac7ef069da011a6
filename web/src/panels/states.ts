/** One wording and one colour for each state, wherever it is shown. */
import { isNodeSilent, type Thresholds } from "../thresholds";
import type { CompactionRow, NodeRow, NodeState } from "../wire";

export interface Chip {
  kind: "good" | "busy" | "warn" | "bad" | "";
  word: string;
}

const NODE: Record<NodeState, Chip> = {
  live: { kind: "good", word: "live" },
  catching_up: { kind: "busy", word: "catching up" },
  waiting: { kind: "warn", word: "waiting" },
  error: { kind: "bad", word: "error" },
  off: { kind: "", word: "off" },
};

const COMPACTION: Record<CompactionRow["state"], Chip> = {
  running: { kind: "busy", word: "running" },
  done: { kind: "good", word: "done" },
  failed: { kind: "bad", word: "failed" },
  broken_off: { kind: "warn", word: "broken off" },
};

const SILENT: Chip = { kind: "warn", word: "silent" };

/** Null for a state that this page does not know. A live log without a new line for too long is silent. */
export function stateChip(node: (Pick<NodeRow, "state" | "last_line"> & Partial<Pick<NodeRow, "log">>) | null | undefined, now: number, thresholds: Thresholds): Chip | null {
  if (node === null || node === undefined) return null;
  return isNodeSilent(node, now, thresholds) ? SILENT : (NODE[node.state] ?? null);
}

export function compactionChip(state: CompactionRow["state"]): Chip {
  return COMPACTION[state] ?? { kind: "", word: String(state) };
}

const STANDINGS: Record<string, Chip> = {
  disqualified: { kind: "bad", word: "disqualified" },
  suspended: { kind: "bad", word: "suspended" },
  offline_suspended: { kind: "bad", word: "suspended (offline)" },
  at_risk: { kind: "bad", word: "at risk" },
  watch: { kind: "warn", word: "watch" },
  unknown: { kind: "", word: "unknown" },
  vetting: { kind: "busy", word: "vetting" },
  healthy: { kind: "good", word: "healthy" },
  exiting: { kind: "warn", word: "leaving" },
  exited: { kind: "", word: "left" },
};

export function standingChip(standing: string): Chip {
  return STANDINGS[standing] ?? { kind: "", word: standing };
}

const DOORS: Record<string, Chip> = {
  ok: { kind: "good", word: "answers" },
  partial: { kind: "warn", word: "answers in part" },
  unreachable: { kind: "bad", word: "unreachable" },
  not_understood: { kind: "warn", word: "not understood" },
  unknown: { kind: "", word: "not asked yet" },
};

/**
 * State of a way to a node: its API, its /metrics or its health answer. A public port that never answered to this machine is no trouble of
 * a node that is all right (most routers do not lead back in), so it is not red.
 */
export function endpointChip(status: string, nodeState?: string): Chip {
  const chip = DOORS[status] ?? { kind: "", word: status };
  return chip.kind === "bad" && nodeState === "ok" ? { ...chip, kind: "" } : chip;
}

/** The error of an endpoint in words: the path is left out where the endpoint has only this one. */
export function endpointTrouble(endpoint: string, detail: string): string {
  return endpoint === "api" ? detail : detail.replace(/^\/(metrics)?: /, "");
}

/** Under the uptime: "no downtime" is not said of a node that is away. */
export function downtimeWords(hoursDown: string | null, uptime: { state: string; certain: boolean } | undefined): string {
  if (hoursDown !== null) return `${hoursDown} down in 30 d`;
  if (uptime?.state === "down") return uptime.certain ? "" : "not certain yet";
  return uptime?.state === "starting" ? "" : "no downtime known";
}

const ROUTES: Record<string, string> = { failing: "fails", hanging: "hangs", absent: "is not in this version of the node" };

/** What is wrong with one route of a node. */
export function routeWord(status: string): string {
  return ROUTES[status] ?? status;
}

const ENDPOINT_NAMES: Record<string, string> = { api: "API", metrics: "/metrics", health: "Health" };

export function endpointName(endpoint: string): string {
  return ENDPOINT_NAMES[endpoint] ?? endpoint;
}

const WITNESSES: Record<string, string> = {
  process: "a restart in the log",
  log: "the log",
  log_gap: "a gap in the log",
  ping_failed: "a failed check-in",
  api: "its API",
  api_down: "its API",
  metrics_down: "its /metrics",
  contact: "no contact from outside",
  probe: "our own probe",
};

/** Who saw a downtime. */
export function witnessName(witness: string): string {
  return WITNESSES[witness] ?? witness.replaceAll("_", " ");
}

const LEVELS: Record<string, Chip["kind"]> = { WARN: "warn", ERROR: "bad", FATAL: "bad", PANIC: "bad", DPANIC: "bad" };

export function levelChip(level: string): Chip {
  return { kind: LEVELS[level] ?? "", word: level };
}
