/** The parts of the page, in their order: what the navigation names and where each card lives. */
export const SECTIONS = [
  { id: "now", name: "Now" },
  { id: "findings", name: "Findings" },
  { id: "nodes", name: "Nodes" },
  { id: "reputation", name: "Reputation" },
  { id: "storage", name: "Storage" },
  { id: "earnings", name: "Earnings" },
  { id: "traffic", name: "Traffic" },
  { id: "events", name: "Events" },
  { id: "log", name: "Log" },
] as const;
export type SectionId = (typeof SECTIONS)[number]["id"];

/**
 * The section that is being read: the last one whose top is above `line`; the last of all at the end of the page,
 * which a short one could never bring to the top. `tops` are distances from the top of the window, in the order of the page.
 */
export function sectionAt(tops: readonly number[], line: number, atEnd: boolean): number {
  if (atEnd) return tops.length - 1;
  let found = 0;
  tops.forEach((top, place) => {
    if (top <= line) found = place;
  });
  return found;
}
