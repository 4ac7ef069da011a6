/**
 * The page's one reactive state. Frames change the plain `Store` at once; components see it change at most once per
 * animation frame, live figures at most twice a second, and nothing at all while the tab is hidden.
 */
import { flushSync } from "svelte";
import { ask, QuestionError, questionUrl } from "./ask";
import { Link, type LinkState, type SocketLike } from "./link";
import { afterFrame } from "./pace";
import { choose, readAddress, sameAddress, toggle, writeAddress, type Address, type Choice } from "./select";
import { rates, ServerClock, Store, type Rates, type Ring, type Table } from "./store";
import type { RangeId } from "./traffic";
import { PROTOCOL, TABLE_TOPICS, TOPICS, type Hello, type ServerMessage, type Snap, type TableRows, type TableTopic, type Topic, type LoadFigures } from "./wire";
import { refusedTopics } from "./topics";

/** The ring has whole seconds: more often than twice a second there is nothing new to draw. */
const LIVE_INTERVAL_MS = 500;
/** Work of one task; what is over waits until this is painted. */
const FLUSH_BUDGET_MS = 6;

export interface LiveView {
  /** Last whole second that the ring can speak of. */
  last: number;
  rates: Rates;
  ring: Ring;
}

class TopicView<T> {
  table = $state.raw<Table<T> | null>(null);
  /** This server does not know the topic: the card says so instead of waiting. */
  missing = $state(false);
}

type TopicViews = { [K in TableTopic]: TopicView<TableRows[K]> };

function openSocket(): SocketLike {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("protocol", String(PROTOCOL));
  return new WebSocket(url.href) as unknown as SocketLike;
}

/** Reloads for a server of another version, but once for each: what keeps an old page (a proxy, say) would give it again. */
function reloadOnce(version: string): void {
  try {
    if (sessionStorage.getItem("reloaded-for") === version) return;
    sessionStorage.setItem("reloaded-for", version);
  } catch {
    return; // nothing can be remembered here: the reader decides
  }
  location.reload();
}

const seconds = (): number => performance.now() / 1000;

class Page {
  connection = $state.raw<LinkState>({ name: "connecting", attempt: 0 });
  hello = $state.raw<Hello | null>(null);
  live = $state.raw<LiveView | null>(null);
  /** Server time in whole seconds, for ages; ticks once a second while the tab is visible. */
  now = $state(0);
  /** When the connection was lost, on the server's clock; null while it is there. */
  lostAt = $state<number | null>(null);
  /** The server speaks of another version than the one that served this page. */
  updated = $state(false);
  /** The figures on the page still belong to the selection before. */
  switching = $state(false);
  address = $state.raw<Address>(readAddress(location.search));
  readonly topics = Object.fromEntries(TABLE_TOPICS.map((topic) => [topic, new TopicView()])) as unknown as TopicViews;

  /** Names of the nodes that there are. */
  known = $state.raw<readonly string[]>([]);
  readonly choice = $derived<Choice>(choose(this.address.nodes, this.known));
  readonly stale = $derived(this.connection.name !== "open" && this.hello !== null);
  /** What the server last said of its load; null while it does not say. */
  load = $state.raw<LoadFigures | null>(null);
  readonly paused = $derived(this.load?.state === "paused");
  /** The figures do not move, whatever the reason: they are from some moment, not from now. */
  readonly still = $derived(this.stale || this.paused);

  private readonly store = new Store();
  private readonly clock = new ServerClock();
  private readonly dirty = new Set<Topic>();
  /** Topics asked for: all, less those that an older server refused. */
  private wanted: readonly Topic[] = TOPICS;
  private readonly link: Link;
  private waiting = false;
  private liveTimer: number | null = null;
  private liveAt = -Infinity;
  /** The moment that the live figures are of while the server sends none; null while it does. */
  private heldAt: number | null = null;

  constructor() {
    this.link = new Link(
      {
        open: openSocket,
        setTimer: (action, milliseconds) => window.setTimeout(action, milliseconds),
        clearTimer: (timer) => {
          window.clearTimeout(timer);
        },
        random: Math.random,
      },
      { message: (message) => this.received(message), state: (state) => this.linkChanged(state) },
    );
  }

  start(): void {
    this.link.subscribe(this.wanted, null);
    this.link.connect();
    document.addEventListener("visibilitychange", () => {
      this.link.setHidden(document.hidden);
      if (!document.hidden) this.tick();
    });
    window.addEventListener("online", () => {
      this.link.retryNow();
    });
    window.addEventListener("popstate", () => {
      const address = readAddress(location.search);
      // A jump to a section changes the address too, but not what is shown.
      if (sameAddress(address, this.address)) return;
      this.address = address;
      this.subscribe();
    });
    window.setInterval(() => {
      this.tick();
    }, 1000);
  }

  retry(): void {
    this.link.retryNow();
  }

  toggleNode(name: string): void {
    this.select(toggle(this.choice.nodes, name, this.known));
  }

  /** Shows these nodes; an empty list means all. */
  select(nodes: readonly string[]): void {
    this.go({ ...this.address, nodes: [...nodes] });
    this.subscribe();
  }

  setRange(range: RangeId): void {
    this.go({ ...this.address, range });
  }

  /** Name of a satellite, or enough of its id. */
  satelliteName(id: string): string | null {
    const name = this.topics.satellites.table?.rows.get(id)?.name;
    return name === undefined || name === "" ? null : name;
  }

  private go(address: Address): void {
    this.address = address;
    const search = writeAddress(location.search, address);
    if (search !== location.search) history.pushState(null, "", `${location.pathname}${search}${location.hash}`);
  }

  private subscribe(): void {
    const sent = this.link.subscribe(this.wanted, this.choice.nodes);
    this.switching = sent !== 0;
  }

  private linkChanged(state: LinkState): void {
    if (state.name === "open") this.lostAt = null;
    else if (this.connection.name === "open") this.lostAt = this.clock.at(seconds());
    this.connection = state;
    if (state.name === "refused") void this.seeWhetherLoggedIn();
  }

  /** A refused WebSocket may mean that the session has ended: a question says so, and leads to the login by itself. */
  private async seeWhetherLoggedIn(): Promise<void> {
    try {
      await ask(questionUrl(document.baseURI, "load", null, null), new AbortController().signal);
    } catch (error) {
      if (!(error instanceof QuestionError)) throw error;
    }
  }

  private received(message: ServerMessage): void {
    if (message.k === "re") {
      // A node may have gone since the hello: all nodes is always a valid view.
      if (message.error?.code === "unknown_node") this.select([]);
      else if (message.error?.code === "unknown_topic") this.doWithout(refusedTopics(this.wanted, message.error.message));
      return;
    }
    this.clock.sync(message.now, seconds());
    if (message.k === "hello") this.greeted(message);
    else if (message.k === "snap") this.snapshot(message);
    else if (message.k === "load") this.loaded(message, message.now);
    else {
      const { changed, gap } = this.store.applyDelta(message);
      if (gap.length > 0) this.link.resubscribe();
      this.mark(changed);
    }
  }

  private doWithout(refused: ReadonlySet<Topic>): void {
    if (refused.size === 0) return;
    this.wanted = this.wanted.filter((topic) => !refused.has(topic));
    for (const topic of TABLE_TOPICS) if (refused.has(topic)) this.topics[topic].missing = true;
    this.subscribe();
  }

  private loaded(load: LoadFigures | undefined, now: number): void {
    this.heldAt = load?.state === "paused" ? (this.heldAt ?? now) : null;
    this.load = load ?? null;
  }

  private greeted(hello: Hello): void {
    if (hello.protocol !== PROTOCOL) {
      // Its rows are not those that this page knows: nothing is asked for, and what is shown stays as it is.
      this.updated = true;
      this.link.refuse();
      reloadOnce(`${hello.version} ${hello.protocol}`);
      return;
    }
    this.loaded(hello.load, hello.now);
    this.store.forgetNumbers();
    // Another server may know more, or less, than the one before.
    this.wanted = TOPICS;
    for (const topic of TABLE_TOPICS) this.topics[topic].missing = false;
    this.updated ||= this.hello !== null && this.hello.version !== hello.version;
    this.hello = hello;
    this.known = hello.nodes;
    // The link subscribes right after the hello: give it the view that fits the nodes of this server.
    this.link.subscribe(this.wanted, this.choice.nodes);
  }

  private snapshot(snap: Snap): void {
    const { view } = snap;
    const wished = this.choice.nodes;
    if (wished === null) this.known = view; // all nodes, and some may be newer than the hello
    else if (view.length !== wished.length || !wished.every((name) => view.includes(name))) return; // the selection was changed since
    this.switching = false;
    this.heldAt = null; // these figures are new, paused or not
    this.loaded(snap.load, snap.now);
    for (const topic of TABLE_TOPICS) this.topics[topic].missing = !(topic in snap.topics);
    this.mark(this.store.applySnap(snap).changed);
    this.liveAt = -Infinity;
  }

  private mark(changed: Iterable<Topic>): void {
    for (const topic of changed) this.dirty.add(topic);
    if (this.dirty.size === 0 || this.waiting || document.hidden) return;
    this.waiting = true;
    afterFrame(() => this.flush());
  }

  private tick(): void {
    const now = this.clock.at(seconds());
    if (now === null || document.hidden) return;
    this.now = Math.floor(now);
    // Time going on must not make rates of figures that stand still.
    if (this.connection.name === "open" && this.heldAt === null) this.mark(["live"]);
    else this.mark([]);
  }

  private flush(): void {
    this.waiting = false;
    const began = performance.now();
    for (const topic of TABLE_TOPICS) {
      if (!this.dirty.delete(topic)) continue;
      if (performance.now() - began > FLUSH_BUDGET_MS) {
        // A first snapshot fills every card at once.
        this.mark([topic]);
        return;
      }
      const table = this.store.tables[topic];
      // A new object for each change: the maps inside are changed in place.
      (this.topics[topic] as TopicView<unknown>).table = table === null ? null : { ...table, rows: table.rows as Map<string, unknown> };
      flushSync();
    }
    if (this.dirty.has("live")) this.flushLive();
  }

  private flushLive(): void {
    if (this.connection.name !== "open") {
      // The figures stand still from the moment of the loss: time going on must not make rates of them.
      this.dirty.delete("live");
      return;
    }
    const local = performance.now();
    const wait = this.liveAt + LIVE_INTERVAL_MS - local;
    if (wait > 0) {
      this.liveTimer ??= window.setTimeout(() => {
        this.liveTimer = null;
        this.mark(["live"]);
      }, wait);
      return;
    }
    this.dirty.delete("live");
    const now = this.heldAt ?? this.clock.at(seconds());
    if (now === null || this.store.ring.end === 0) return;
    this.liveAt = local;
    this.live = { last: Math.floor(now) - 1, rates: rates(this.store.ring, now), ring: this.store.ring };
  }
}

export const page = new Page();
