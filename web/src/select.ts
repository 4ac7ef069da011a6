/** The node selection and the chart's range live in the address, so that a view can be kept and shared. */
import { RANGES, type RangeId } from "./traffic";

export const DEFAULT_RANGE: RangeId = "5m";

export interface Address {
  /** Names of the chosen nodes in the address's order; empty = all. */
  nodes: string[];
  range: RangeId;
}

export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search);
  const nodes = [...new Set(parameters.getAll("node").filter((name) => name !== ""))];
  const range = RANGES.find((candidate) => candidate.id === parameters.get("range"))?.id ?? DEFAULT_RANGE;
  return { nodes, range };
}

/** The query part for an address, "" for the plain view; parameters that are not ours are kept. */
export function writeAddress(search: string, address: Address): string {
  const parameters = new URLSearchParams(search);
  parameters.delete("node");
  parameters.delete("range");
  for (const name of address.nodes) parameters.append("node", name);
  if (address.range !== DEFAULT_RANGE) parameters.set("range", address.range);
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

export function sameAddress(one: Address, other: Address): boolean {
  return writeAddress("", one) === writeAddress("", other);
}

export interface Choice {
  /** What to subscribe to: null = all nodes. */
  nodes: string[] | null;
  /** Names in the address that this monitor does not have. */
  unknown: string[];
}

/** Holds the wish against the nodes that exist; a wish with no known node at all, or with every one, means all. */
export function choose(wished: readonly string[], known: readonly string[]): Choice {
  const unknown = wished.filter((name) => !known.includes(name));
  const kept = known.filter((name) => wished.includes(name));
  return { nodes: kept.length === 0 || kept.length === known.length ? null : kept, unknown };
}

/** The wish after a click on one node's box: ticking the last missing one, or unticking the last one, means all. */
export function toggle(current: readonly string[] | null, name: string, known: readonly string[]): string[] {
  const before = current ?? known;
  const after = before.includes(name) ? before.filter((other) => other !== name) : known.filter((other) => other === name || before.includes(other));
  return after.length === known.length ? [] : [...after];
}
