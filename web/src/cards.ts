/** The cards in their order on the page; a chunk of its own, so that the header stands before they are read. */
import type { Component } from "svelte";
import Actions from "./panels/Actions.svelte";
import Bandwidth from "./panels/Bandwidth.svelte";
import Compactions from "./panels/Compactions.svelte";
import Countries from "./panels/Countries.svelte";
import Errors from "./panels/Errors.svelte";
import LiveRates from "./panels/LiveRates.svelte";
import LogHealth from "./panels/LogHealth.svelte";
import Pieces from "./panels/Pieces.svelte";
import Satellites from "./panels/Satellites.svelte";
import Sizes from "./panels/Sizes.svelte";

/** `width`: columns of twelve on a wide screen. */
export interface PlacedCard {
  panel: Component;
  width: "wide" | "seven" | "five";
}

export const CARDS: readonly PlacedCard[] = [
  { panel: LiveRates, width: "wide" },
  { panel: Bandwidth, width: "wide" },
  { panel: Actions, width: "seven" },
  { panel: Sizes, width: "five" },
  { panel: Satellites, width: "seven" },
  { panel: Countries, width: "five" },
  { panel: Errors, width: "seven" },
  { panel: Pieces, width: "five" },
  { panel: Compactions, width: "five" },
  { panel: LogHealth, width: "seven" },
];
