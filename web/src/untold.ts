/** Whether the logs of the chosen nodes tell what was transferred. Where none does, nothing counted is not nothing that happened. */
import type { NodeRow } from "./wire";

export interface Untold {
  /** Why nothing is known; null where at least one node tells. */
  reason: string | null;
  /** Said beside figures that some nodes are not in; null where all are. */
  note: string | null;
}

export function untold(rows: Iterable<readonly [string, NodeRow]>): Untold {
  const nodes = [...rows];
  const mute = nodes.map(([name, row]): [string, string] => [name, row.log?.unknown_reason ?? ""]).filter(([, reason]) => reason !== "");
  if (mute.length === 0) return { reason: null, note: null };
  const reasons = [...new Set(mute.map(([, reason]) => reason))];
  if (mute.length === nodes.length) return { reason: reasons.slice(0, 3).join(" "), note: null };
  const names = mute.slice(0, 5).map(([name]) => name).join(", ");
  const more = mute.length > 5 ? ` and ${String(mute.length - 5)} more` : "";
  return { reason: null, note: `Without ${names}${more}: their logs do not tell transfers.` };
}
