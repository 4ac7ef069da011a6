/** One wording and one colour for each state, wherever it is shown. */
import type { CompactionRow, NodeState } from "../wire";

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
};

/** Null for a state that this page does not know. */
export function stateChip(state: NodeState | undefined): Chip | null {
  return state === undefined ? null : (NODE[state] ?? null);
}

export function compactionChip(state: CompactionRow["state"]): Chip {
  return COMPACTION[state] ?? { kind: "", word: String(state) };
}

const LEVELS: Record<string, Chip["kind"]> = { WARN: "warn", ERROR: "bad", FATAL: "bad", PANIC: "bad", DPANIC: "bad" };

export function levelChip(level: string): Chip {
  return { kind: LEVELS[level] ?? "", word: level };
}
