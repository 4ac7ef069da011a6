/**
 * The one WebSocket of the page: connects, keeps the subscription, says when it is lost, and comes back by itself.
 * Browser parts (socket, timers, chance) come by constructor, so that every path can be tried without a browser.
 */
import { parseMessage, type Command, type ServerMessage, type Topic } from "./wire";

export interface SocketLike {
  onopen: (() => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface LinkHost {
  open(): SocketLike;
  setTimer(action: () => void, milliseconds: number): number;
  clearTimer(timer: number): void;
  random(): number;
}

/** `refused`: the server closed with 1008 (wrong origin, not logged in, another protocol), or the page refused it; asked again seldom. */
export type LinkState =
  | { name: "connecting"; attempt: number }
  | { name: "open" }
  | { name: "waiting"; attempt: number; delayMs: number }
  | { name: "refused"; delayMs: number };

export interface LinkEvents {
  message(message: ServerMessage): void;
  state(state: LinkState): void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const REFUSED = 1008;
const REFUSED_DELAY_MS = 30_000;
/** Silence after which a ping is sent, and then a second time after which the connection is taken for dead. */
export const SILENCE_MS = 10_000;

/** Doubles from half a second to fifteen, with a fifth of chance so that many pages do not come back as one. */
export function backoffMs(attempt: number, random: number): number {
  const plain = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(plain * (0.8 + 0.4 * random));
}

interface Subscription {
  topics: readonly Topic[];
  nodes: readonly string[] | null;
}

export class Link {
  private socket: SocketLike | null = null;
  private timer: number | null = null;
  private silence: number | null = null;
  private attempt = 0;
  private lastId = 0;
  private greeted = false;
  private wanted: Subscription | null = null;
  private hidden = false;

  constructor(
    private readonly host: LinkHost,
    private readonly events: LinkEvents,
  ) {}

  connect(): void {
    this.stopTimers();
    this.greeted = false;
    this.events.state({ name: "connecting", attempt: this.attempt });
    const socket = this.host.open();
    this.socket = socket;
    socket.onmessage = (event) => {
      if (this.socket === socket) this.received(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code);
    };
    this.watchSilence(false);
  }

  /** Replaces the subscription, now or as soon as the server has said hello. Returns the command's id, 0 when it waits. */
  subscribe(topics: readonly Topic[], nodes: readonly string[] | null): number {
    this.wanted = { topics, nodes };
    return this.greeted ? this.send({ cmd: "subscribe", id: this.nextId(), topics, nodes }) : 0;
  }

  /** Asks for everything once more: the answer to a gap in the numbers. */
  resubscribe(): void {
    if (this.wanted !== null) this.subscribe(this.wanted.topics, this.wanted.nodes);
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    if (this.greeted) this.send({ cmd: "hint", id: this.nextId(), hidden });
    else if (!hidden) this.retryNow();
  }

  /** The user or the network is back: do not sit out the rest of the delay. */
  retryNow(): void {
    if (this.socket === null) {
      this.attempt = Math.min(this.attempt, 1);
      this.connect();
    }
  }

  close(): void {
    this.stopTimers();
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  /** The page does not understand this server: as if it had refused the page. */
  refuse(): void {
    const socket = this.socket;
    this.lost(REFUSED);
    socket?.close(1000);
  }

  private received(data: unknown): void {
    this.watchSilence(false);
    const message = typeof data === "string" ? parseMessage(data) : null;
    if (message === null) return;
    if (message.k === "hello") {
      // A later hello (there are other nodes) asks for one new subscription, as the first one does.
      this.greeted = false;
      this.attempt = 0;
      this.events.state({ name: "open" });
    }
    this.events.message(message);
    if (message.k === "hello" && this.socket !== null) {
      // Only now: the page may have changed its wish on reading which nodes there are.
      this.greeted = true;
      this.resubscribe();
      if (this.hidden) this.send({ cmd: "hint", id: this.nextId(), hidden: true });
    }
  }

  private lost(code: number): void {
    this.socket = null;
    this.greeted = false;
    this.stopTimers();
    this.attempt += 1;
    const refused = code === REFUSED;
    const delayMs = refused ? REFUSED_DELAY_MS : backoffMs(this.attempt, this.host.random());
    this.events.state(refused ? { name: "refused", delayMs } : { name: "waiting", attempt: this.attempt, delayMs });
    this.timer = this.host.setTimer(() => {
      this.timer = null;
      this.connect();
    }, delayMs);
  }

  private watchSilence(asked: boolean): void {
    if (this.silence !== null) this.host.clearTimer(this.silence);
    this.silence = this.host.setTimer(() => {
      this.silence = null;
      if (asked || !this.greeted) this.dropDead();
      else {
        this.send({ cmd: "ping", id: this.nextId() });
        this.watchSilence(true);
      }
    }, SILENCE_MS);
  }

  /** A half-dead connection may never report its end: let go of it here. */
  private dropDead(): void {
    const socket = this.socket;
    this.lost(0);
    socket?.close();
  }

  private stopTimers(): void {
    if (this.timer !== null) this.host.clearTimer(this.timer);
    if (this.silence !== null) this.host.clearTimer(this.silence);
    this.timer = null;
    this.silence = null;
  }

  private nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  private send(command: Command): number {
    this.socket?.send(JSON.stringify(command));
    return command.id;
  }
}
