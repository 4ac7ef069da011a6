import { describe, expect, it } from "vitest";
import { loadNotice } from "../src/load";
import { parseMessage, type LoadFigures } from "../src/wire";

const PAUSED: LoadFigures = { state: "paused", reason: "lag", lag_bytes: 1_200_000_000, left_s: 40.2, commits_waiting: 1, loop_lag_ms: 0.4 };
const plain = (load: LoadFigures | null): string => {
  const notice = loadNotice(load);
  return notice === null ? "" : `${notice.title} ${notice.figures} ${notice.effect}`.replace(/\u00a0/g, " ");
};

describe("the load", () => {
  it("is said in words, with what is left and how long it takes", () => {
    expect(plain(PAUSED)).toBe("Catching up: 1.20 GB of log to read, about 40 s. The live view is paused; the figures stand still.");
    expect(plain({ ...PAUSED, state: "downsampled" })).toContain("The live view moves more slowly.");
    expect(plain({ ...PAUSED, left_s: null })).toContain("1.20 GB of log to read. The");
    expect(plain({ ...PAUSED, left_s: 0.2 })).toContain("about 1 s.");
    expect(plain({ ...PAUSED, left_s: 250 })).toContain("about 4 min.");
    expect(plain({ ...PAUSED, left_s: 7260 })).toContain("about 2 h 1 min.");
    expect(plain({ ...PAUSED, lag_bytes: 1000, left_s: null })).toBe("Caught up.  The live view comes back in a moment.");
  });

  it("names the reason where it is not the logs", () => {
    expect(plain({ ...PAUSED, state: "downsampled", reason: "commits" })).toContain("disk is slow");
    expect(plain({ ...PAUSED, reason: "loop" })).toContain("is busy");
  });

  it("is nothing to say while all is well or the server does not tell", () => {
    expect(loadNotice(null)).toBeNull();
    expect(loadNotice({ ...PAUSED, state: "normal", reason: "" })).toBeNull();
  });

  it("is a message that the page knows", () => {
    expect(parseMessage(JSON.stringify({ k: "load", now: 1, ...PAUSED }))).toMatchObject({ k: "load", state: "paused" });
  });
});
