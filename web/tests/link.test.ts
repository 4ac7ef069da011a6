import { describe, expect, it } from "vitest";
import { backoffMs, Link, SILENCE_MS, type LinkHost, type LinkState, type SocketLike } from "../src/link";
import type { ServerMessage } from "../src/wire";

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;
  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** A browser whose time only passes when the test says so. */
class Host implements LinkHost {
  readonly sockets: FakeSocket[] = [];
  private timers = new Map<number, { at: number; action: () => void }>();
  private next = 1;
  private now = 0;
  open(): SocketLike {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }
  setTimer(action: () => void, milliseconds: number): number {
    this.timers.set(this.next, { at: this.now + milliseconds, action });
    return this.next++;
  }
  clearTimer(timer: number): void {
    this.timers.delete(timer);
  }
  random(): number {
    return 0.5;
  }
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].action();
    }
    this.now = end;
  }
  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

const HELLO = { k: "hello", protocol: 2, version: "1", demo: false, now: 1, nodes: ["a"], coalesce_ms: 75, slow_hz: 2, sample: 64 };

function setUp(): { host: Host; link: Link; states: LinkState[]; messages: ServerMessage[] } {
  const host = new Host();
  const states: LinkState[] = [];
  const messages: ServerMessage[] = [];
  const link = new Link(host, { message: (message) => messages.push(message), state: (state) => states.push(state) });
  return { host, link, states, messages };
}

describe("the link", () => {
  it("subscribes after the hello, and again after each reconnect", () => {
    const { host, link, states } = setUp();
    link.subscribe(["live"], null);
    link.connect();
    expect(host.last.sent).toEqual([]);
    host.last.say(HELLO);
    expect(host.last.sent).toMatchObject([{ cmd: "subscribe", topics: ["live"], nodes: null }]);
    link.subscribe(["live"], ["a"]);
    host.last.onclose?.({ code: 1001 });
    expect(states.at(-1)).toMatchObject({ name: "waiting", attempt: 1, delayMs: 500 });
    host.pass(500);
    expect(host.sockets).toHaveLength(2);
    host.last.say(HELLO);
    expect(host.last.sent).toMatchObject([{ cmd: "subscribe", nodes: ["a"] }]);
    expect(states.at(-1)).toEqual({ name: "open" });
  });

  it("subscribes once for a later hello, with what the page then wishes", () => {
    const host = new Host();
    const link: Link = new Link(host, {
      message: (message) => {
        if (message.k === "hello") link.subscribe(["live"], message.nodes);
      },
      state: () => undefined,
    });
    link.connect();
    host.last.say(HELLO);
    host.last.say({ ...HELLO, nodes: ["a", "b"] });
    expect(host.last.sent.map((command) => [command.cmd, command.nodes])).toEqual([
      ["subscribe", ["a"]],
      ["subscribe", ["a", "b"]],
    ]);
    link.subscribe(["live"], null);
    expect(host.last.sent).toHaveLength(3);
  });

  it("waits longer each time, up to a limit", () => {
    expect([1, 2, 3, 4, 5, 6, 20].map((attempt) => backoffMs(attempt, 0.5))).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    expect(backoffMs(1, 0)).toBe(400);
    expect(backoffMs(1, 1)).toBe(600);
  });

  it("starts anew from the shortest delay once it was connected", () => {
    const { host, link, states } = setUp();
    link.connect();
    for (let round = 0; round < 4; round += 1) {
      host.last.onclose?.({ code: 1006 });
      host.pass(20_000);
    }
    host.last.say(HELLO);
    host.last.onclose?.({ code: 1006 });
    expect(states.at(-1)).toMatchObject({ attempt: 1 });
  });

  it("pings a silent server and lets go of a dead one", () => {
    const { host, link, states } = setUp();
    link.connect();
    host.last.say(HELLO);
    host.pass(SILENCE_MS);
    expect(host.last.sent.at(-1)).toMatchObject({ cmd: "ping" });
    host.last.say({ k: "re", id: 2, ok: true });
    host.pass(SILENCE_MS);
    host.pass(SILENCE_MS);
    expect(host.sockets[0]?.closed).toBe(true);
    expect(states.map((state) => state.name)).toContain("waiting");
  });

  it("gives up on a server that never says hello", () => {
    const { host, link } = setUp();
    link.connect();
    host.pass(SILENCE_MS);
    expect(host.sockets[0]?.closed).toBe(true);
    host.pass(1000);
    expect(host.sockets).toHaveLength(2);
  });

  it("says that it was refused and asks seldom", () => {
    const { host, link, states } = setUp();
    link.connect();
    host.last.onclose?.({ code: 1008 });
    expect(states.at(-1)).toEqual({ name: "refused", delayMs: 30_000 });
  });

  it("asks nothing of a server that the page does not understand, and looks again seldom", () => {
    const host = new Host();
    const states: LinkState[] = [];
    const link: Link = new Link(host, { message: () => link.refuse(), state: (state) => states.push(state) });
    link.subscribe(["live"], null);
    link.connect();
    host.last.say(HELLO);
    expect(host.last.closed).toBe(true);
    expect(host.last.sent).toEqual([]);
    expect(states.at(-1)).toEqual({ name: "refused", delayMs: 30_000 });
    host.pass(30_000);
    expect(host.sockets).toHaveLength(2);
  });

  it("tells of a hidden tab, also after a reconnect, and comes back at once when seen", () => {
    const { host, link } = setUp();
    link.connect();
    host.last.say(HELLO);
    link.setHidden(true);
    expect(host.last.sent.at(-1)).toMatchObject({ cmd: "hint", hidden: true });
    host.last.onclose?.({ code: 1006 });
    host.pass(600);
    host.last.say(HELLO);
    expect(host.last.sent.at(-1)).toMatchObject({ cmd: "hint", hidden: true });
    host.last.onclose?.({ code: 1006 });
    const before = host.sockets.length;
    link.setHidden(false);
    expect(host.sockets.length).toBe(before + 1);
  });

  it("takes no harm from frames that are no messages", () => {
    const { host, link, messages } = setUp();
    link.connect();
    for (const data of ["", "{", "null", "[]", '{"k":7}', '{"k":"else"}', new ArrayBuffer(3)]) host.last.onmessage?.({ data });
    expect(messages).toEqual([]);
  });

  it("ignores what a socket says that it has let go of", () => {
    const { host, link, messages } = setUp();
    link.connect();
    const old = host.last;
    host.pass(SILENCE_MS);
    host.pass(1000);
    old.say(HELLO);
    old.onclose?.({ code: 1000 });
    expect(messages).toEqual([]);
    expect(host.sockets).toHaveLength(2);
  });
});
