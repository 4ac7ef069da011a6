/** The one state of a node, as the server judged it: order, words and colour. Nothing here judges anew. */
import { plural } from "./format";
import type { Chip } from "./panels/states";
import type { NodeRow, NodeStateName } from "./wire";

const STATES: readonly { name: NodeStateName; chip: Chip }[] = [
  { name: "down", chip: { kind: "bad", word: "down" } },
  { name: "at_risk", chip: { kind: "bad", word: "at risk" } },
  { name: "warning", chip: { kind: "warn", word: "warning" } },
  { name: "no_data", chip: { kind: "", word: "no data" } },
  { name: "learning", chip: { kind: "busy", word: "learning" } },
  { name: "ok", chip: { kind: "good", word: "ok" } },
];
const MOST_NAMES = 2;

type Judged = Partial<Pick<NodeRow, "node_state">> | null | undefined;

/** Null where the server does not say: it is older than this page. */
export function nodeStateChip(row: Judged): Chip | null {
  return STATES.find((state) => state.name === row?.node_state)?.chip ?? null;
}

/** 0 for the worst; what is not known comes last. */
export function nodeStateRank(row: Judged): number {
  const place = STATES.findIndex((state) => state.name === row?.node_state);
  return place < 0 ? STATES.length : place;
}

/** Trouble first, the dead before all; of the same state in the order given. */
export function troubleFirst(names: readonly string[], rows: ReadonlyMap<string, NodeRow> | undefined): string[] {
  const ranked = names.map((name, place) => ({ name, place, rank: nodeStateRank(rows?.get(name)) }));
  return ranked.sort((a, b) => a.rank - b.rank || a.place - b.place).map((one) => one.name);
}

export interface Worst {
  name: NodeStateName;
  chip: Chip;
  nodes: string[];
}

/** The worst state of some nodes and who is in it; null while no server says any. */
export function worstOf(rows: Iterable<readonly [string, NodeRow]>): Worst | null {
  let found: Worst | null = null;
  for (const [name, row] of rows) {
    const state = STATES.find((one) => one.name === row.node_state);
    if (state === undefined) continue;
    if (found?.name === state.name) found.nodes.push(name);
    else if (found === null || nodeStateRank(row) < STATES.findIndex((one) => one.name === found?.name)) found = { ...state, nodes: [name] };
  }
  return found;
}

/** "attic", "attic, cellar", "17 nodes". */
export function whoIs(worst: Worst): string {
  return worst.nodes.length > MOST_NAMES ? plural(worst.nodes.length, "node") : worst.nodes.join(", ");
}

/** Before the page's title: "2 down", "" where nothing is wrong. */
export function titleMark(worst: Worst | null): string {
  return worst !== null && (worst.chip.kind === "bad" || worst.chip.kind === "warn") ? `${worst.nodes.length} ${worst.chip.word}` : "";
}
