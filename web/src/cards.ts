/** The cards in their order on the page; a chunk of its own, so that the header stands before they are read. */
import type { Component } from "svelte";
import Actions from "./panels/Actions.svelte";
import Bandwidth from "./panels/Bandwidth.svelte";
import Compactions from "./panels/Compactions.svelte";
import Countries from "./panels/Countries.svelte";
import Earnings from "./panels/Earnings.svelte";
import Errors from "./panels/Errors.svelte";
import Events from "./panels/Events.svelte";
import Findings from "./panels/Findings.svelte";
import Health from "./panels/Health.svelte";
import LiveRates from "./panels/LiveRates.svelte";
import LogHealth from "./panels/LogHealth.svelte";
import Pieces from "./panels/Pieces.svelte";
import Reputation from "./panels/Reputation.svelte";
import Satellites from "./panels/Satellites.svelte";
import Sizes from "./panels/Sizes.svelte";
import Storage from "./panels/Storage.svelte";
import "./rows.css";
import type { SectionId } from "./sections";

/** `width`: columns of twelve on a wide screen; `room`: the height that is kept for it while it is built and filled. */
export interface PlacedCard {
  panel: Component;
  width: "wide" | "seven" | "five";
  room?: "tiles" | "chart" | "list";
  section: SectionId;
}

/** In the order of the page: those of a section stand together. */
export const CARDS: readonly PlacedCard[] = [
  { panel: LiveRates, width: "wide", room: "tiles", section: "now" },
  { panel: Bandwidth, width: "wide", room: "chart", section: "now" },
  { panel: Findings, width: "wide", room: "list", section: "findings" },
  { panel: Health, width: "wide", section: "nodes" },
  { panel: Reputation, width: "wide", section: "reputation" },
  { panel: Storage, width: "wide", section: "storage" },
  { panel: Earnings, width: "wide", section: "earnings" },
  { panel: Actions, width: "seven", section: "traffic" },
  { panel: Sizes, width: "five", section: "traffic" },
  { panel: Satellites, width: "seven", section: "traffic" },
  { panel: Countries, width: "five", section: "traffic" },
  { panel: Events, width: "wide", room: "list", section: "events" },
  { panel: Errors, width: "seven", section: "log" },
  { panel: Pieces, width: "five", section: "log" },
  { panel: Compactions, width: "five", section: "log" },
  { panel: LogHealth, width: "seven", section: "log" },
];
