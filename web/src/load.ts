/** What the server says about its load, as a sentence for the operator. */
import { bytes, span } from "./format";
import type { LoadFigures } from "./wire";

/** Below this the backlog is read, and the rest is the server making sure that it stays so. */
const CAUGHT_UP_BYTES = 4 * 1024 * 1024;
/** Nobody counts seconds of a longer wait. */
const MINUTES_FROM_S = 90;

export interface LoadNotice {
  /** Why; changes seldom. */
  title: string;
  /** Figures; changes every second. */
  figures: string;
  /** What it means for the page. */
  effect: string;
}

/** Null while all is well, or when the server (an older one) does not say. */
export function loadNotice(load: LoadFigures | null): LoadNotice | null {
  if (load === null || load.state === "normal") return null;
  const effect = load.state === "paused" ? "The live view is paused; the figures stand still." : "The live view moves more slowly.";
  if (load.reason === "commits") return { title: "The disk is slow to take what was read.", figures: "", effect };
  if (load.reason === "loop") return { title: "The monitor is busy.", figures: "", effect };
  if (load.lag_bytes < CAUGHT_UP_BYTES) return { title: "Caught up.", figures: "", effect: "The live view comes back in a moment." };
  return { title: "Catching up:", figures: `${bytes(load.lag_bytes)} of log to read${timeLeft(load.left_s)}.`, effect };
}

function timeLeft(seconds: number | null): string {
  if (seconds === null) return "";
  return `, about ${seconds < MINUTES_FROM_S ? span(Math.max(1, seconds)) : span(Math.round(seconds / 60) * 60).replace(/[^\S]0[^\S]s$/, "")}`;
}
