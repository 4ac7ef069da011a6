/** When the page marks something: what the operator set, as the server's hello tells it. */
import type { Hello, NodeRow } from "./wire";

export interface Thresholds {
  /** A live node without a new line for more seconds than this is silent; 0 = never. */
  silent_s: number;
  /** A success rate below this many percent is low; 0 = never. */
  success_pct: number;
}

/** The product's own defaults, for a server that does not say. */
export const DEFAULT_THRESHOLDS: Thresholds = { silent_s: 180, success_pct: 90 };

export function thresholdsOf(hello: Hello | null): Thresholds {
  const told = hello?.thresholds;
  const pick = (key: keyof Thresholds): number => {
    const value = told?.[key];
    return typeof value === "number" && value >= 0 ? value : DEFAULT_THRESHOLDS[key];
  };
  return { silent_s: pick("silent_s"), success_pct: pick("success_pct") };
}

/** `age`: seconds since the newest line. */
export function isSilent(age: number, thresholds: Thresholds): boolean {
  return thresholds.silent_s > 0 && age > thresholds.silent_s;
}

/** A log that is read to its end but says nothing. Other states say more themselves; a log above INFO is quiet without trouble. */
export function isNodeSilent(node: (Pick<NodeRow, "state" | "last_line"> & Partial<Pick<NodeRow, "log">>) | undefined, now: number, thresholds: Thresholds): boolean {
  return node?.state === "live" && node.last_line !== null && node.log?.above_info !== true && isSilent(now - node.last_line, thresholds);
}

/** Exact: 89.96 % is below 90 % although it may be shown rounded. Nothing is no rate. */
export function isLow(part: number, whole: number, thresholds: Thresholds): boolean {
  return whole > 0 && 100 * part < thresholds.success_pct * whole;
}
