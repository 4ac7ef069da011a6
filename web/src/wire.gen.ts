/** Made by `python -m storj_monitor.server.wire_documents` from storj_monitor/views/wire: edit that, not this. */

/** When a page marks something; 0 = never, left out = the page's own default. */
export interface Thresholds {
  /** a live node whose newest line is older than so many seconds is silent */
  silent_s?: number;
  /** a success rate below so many percent is low */
  success_pct?: number;
}

/** How busy the monitor is, and so what pages get. */
export interface LoadFigures {
  /** what pages get: everything, a quarter of the updates, or none */
  state: "normal" | "downsampled" | "paused";
  /** the measure that keeps the state from being better */
  reason: "" | "lag" | "commits" | "loop";
  /** bytes of log not read yet */
  lag_bytes: number;
  /** seconds until they are read; null when unknown or nothing waits */
  left_s: number | null;
  /** commits that are not on disk yet: the least of three looks */
  commits_waiting: number;
  /** milliseconds that the event loop is late: the least of three looks */
  loop_lag_ms: number;
}

/** What happened to the database since the monitor was started. */
export interface Notices {
  /** sentences, at most 10, oldest first */
  notices: string[];
}

/** First, and again when nodes were added or something happened to the database. */
export interface Hello {
  k: "hello";
  /** version of the protocol */
  protocol: number;
  /** version of the monitor */
  version: string;
  /** the nodes are not real */
  demo: boolean;
  /** Unix seconds, the server's clock */
  now: number;
  /** names of all nodes; `node` in `live` events is an index into them */
  nodes: string[];
  /** milliseconds between two frames at least */
  coalesce_ms: number;
  /** tables change at most so often a second */
  slow_hz: number;
  /** single events in one live frame at most */
  sample: number;
  /** When a page marks something; 0 = never, left out = the page's own default. */
  thresholds: Thresholds;
  /** How busy the monitor is, and so what pages get. */
  load: LoadFigures;
  /** What happened to the database since the monitor was started. */
  store: Notices;
  /** a password is set: a page offers to log out */
  login: boolean;
}

/** Every subscribed topic in full; the deltas go on from there. */
export interface Snap {
  k: "snap";
  /** the nodes that it is about */
  view: string[];
  /** Unix seconds, the server's clock */
  now: number;
  /** How busy the monitor is, and so what pages get. */
  load: LoadFigures;
  /** by topic: `LiveSnap` or `TableSnap` */
  topics: SnapTopics;
}

/** What changed: all topics that are due. */
export interface Delta {
  k: "delta";
  /** Unix seconds, the server's clock */
  now: number;
  /** by topic: `LiveDelta` or `TableDelta` */
  topics: DeltaTopics;
}

/** The load: once a second while it is not normal, and once when it is again. */
export interface LoadMessage {
  k: "load";
  /** what pages get: everything, a quarter of the updates, or none */
  state: "normal" | "downsampled" | "paused";
  /** the measure that keeps the state from being better */
  reason: "" | "lag" | "commits" | "loop";
  /** bytes of log not read yet */
  lag_bytes: number;
  /** seconds until they are read; null when unknown or nothing waits */
  left_s: number | null;
  /** commits that are not on disk yet: the least of three looks */
  commits_waiting: number;
  /** milliseconds that the event loop is late: the least of three looks */
  loop_lag_ms: number;
  /** Unix seconds, the server's clock */
  now: number;
}

/** Why a command was not obeyed. */
export interface CommandError {
  /** for programs */
  code: "bad_json" | "bad_command" | "unknown_topic" | "unknown_node" | "too_large";
  /** a sentence for people */
  message: string;
}

/** The answer to a command. */
export interface Reply {
  k: "re";
  /** of the command; null where it had none or it could not be read */
  id: number | string | null;
  /** true; left out in an error */
  ok?: boolean;
  /** of `subscribe`: the nodes */
  view?: string[];
  /** of `subscribe`: the topics, sorted */
  topics?: string[];
  /** of `hint` */
  hidden?: boolean;
  /** why it was not obeyed */
  error?: CommandError;
}

/** The last 300 seconds, oldest first. A transfer belongs to the second of its own line. */
export interface LiveRing {
  /** Unix second of the last cell */
  t: number;
  /** seconds of a cell */
  step: number;
  /** bytes of uploads by second */
  up_bytes: number[];
  /** bytes of downloads by second */
  down_bytes: number[];
  /** uploads by second */
  up_ops: number[];
  /** downloads by second */
  down_ops: number[];
}

/** Topic `live` in full. */
export interface LiveSnap {
  /** number of the newest delta that is in it */
  n: number;
  /** satellite id by the index that events have */
  sats: Record<string, string>;
  /** The last 300 seconds, oldest first. A transfer belongs to the second of its own line. */
  ring: LiveRing;
}

/** What happened between two reads of the logs. */
export interface LiveDelta {
  /** one more than that of the delta before */
  n: number;
  /** satellites that no message has named yet: id by index */
  sats: Record<string, string>;
  /** `[read_at, piece hash, node, satellite, op, size, duration_ms]`, at most `hello.sample`; -1 = unknown */
  ev: [number, string, number, number, number, number, number][];
  /** events left out of `ev` */
  more: number;
  /** `[second, up_bytes, down_bytes, up_ops, down_ops]` of all events, to be added to the ring */
  tot: [number, number, number, number, number][];
  /** `[op, count, bytes]` of all events */
  ops: [number, number, number][];
}

/** The words beside a figure. */
export interface HelpText {
  /** what it is */
  what: string;
  /** what is normal */
  normal: string;
  /** what to do when it is not */
  do: string;
}

/** A table in full. */
export interface TableSnap<Row> {
  /** number of the newest delta that is in it */
  n: number;
  /** Unix seconds: when the rows were made */
  as_of: number;
  /** Unix seconds: where the figures begin; left out where a topic is of no stretch of time */
  from?: number;
  /** by key */
  rows: Record<string, Row>;
  /** words on the figures by their name; topics of what nodes say have them */
  help?: Record<string, HelpText>;
  /** the rows are summaries: a view of several nodes has no more; left out = false */
  summary?: boolean;
}

/** What changed of a table: `set` and `del`, or all `rows` where differences are switched off. */
export interface TableDelta<Row> {
  /** one more than that of the delta before */
  n: number;
  /** Unix seconds: when the rows were made */
  as_of: number;
  /** Unix seconds: where the figures begin */
  from?: number;
  /** rows that are new or other than before, by key */
  set?: Record<string, Row>;
  /** keys of rows that are gone */
  del?: string[];
  /** all rows, instead of `set` and `del` */
  rows?: Record<string, Row>;
}

/** One thing that an operator must know about a log. */
export interface LogWarning {
  /** what it is */
  trouble: "not_understood" | "above_info" | "no_transfers" | "two_nodes";
  /** a sentence with what to do */
  text: string;
}

/** What kind of log a node has. */
export interface LogCharacter {
  /** how its lines are written; "" before the first */
  form: "" | "console" | "json" | "gcloudlogging" | "unknown";
  /** what was put around the lines, in words */
  envelopes: string[];
  /** lowest level of the last hour or two */
  level: string;
  /** false: no lines of successes, rates from it are unknown */
  transfers: boolean;
  /** true: above INFO, silence means nothing */
  above_info: boolean;
  /** why traffic and success are unknown; "" where the log shows them */
  unknown_reason: string;
  /** percent of the newest lines that is understood, or null */
  understood_pct: number | null;
  /** ids of nodes that began in it */
  node_ids: string[];
  /** One thing that an operator must know about a log. */
  warnings: LogWarning[];
}

/** Why a node is in its state. A reason of state `ok` is a note. */
export interface StateReason {
  /** the rule */
  code: string;
  /** the state that it makes */
  state: "down" | "at_risk" | "warning" | "learning" | "ok" | "no_data";
  /** a sentence for people */
  sentence: string;
  /** Unix seconds, or null */
  since: number | null;
  /** where it is known from */
  source: "log" | "api" | "metrics" | "public_port" | "file_system" | "analytics" | "monitor";
  /** a satellite's id or what else it is about, or null */
  subject: string | null;
}

/** One node: the state of its log, who it is, and the one judgement of how it is (`node_state`). */
export interface NodeRow {
  /** state of its log */
  state: "live" | "catching_up" | "waiting" | "error" | "off";
  /** why its log is in this state, or "" */
  detail: string;
  /** Unix seconds of the newest line, or null */
  last_line: number | null;
  /** Unix seconds: when bytes came last, or null */
  read_at: number | null;
  /** bytes of the log not read yet */
  lag_bytes: number;
  /** lines read */
  lines: number;
  /** version of the node as its log says, or "" */
  version: string;
  /** the node's identity; "" while it is unknown */
  node_id: string;
  /** the file, or HOST:PORT, that is read or waited for */
  path: string;
  /** Unix seconds: when `state` began; 0 = never */
  since: number;
  /** What kind of log a node has. */
  log: LogCharacter;
  /** state of the node, the worst first */
  node_state: "down" | "at_risk" | "warning" | "learning" | "ok" | "no_data";
  /** Unix seconds, or null */
  node_state_since: number | null;
  /** the worst reason, in one sentence */
  node_state_reason: string;
  /** the worst first */
  reasons: StateReason[];
}

/** Results and durations of one action, from the log or from the nodes' own counters. */
export interface ActionRow {
  /** what the transfers were for: the node's own spelling, or UNKNOWN */
  action: string;
  /** `up` (the node stores) or `down` (it serves) */
  direction: "up" | "down";
  /** count; null where there are only logs above INFO */
  success: number | null;
  /** how many */
  canceled: number;
  /** how many */
  failed: number;
  /** results from logs that do not show successes: part of no rate */
  unrated: number;
  /** of `failed`: what only the node's counters know */
  counters_only: number;
  /** uploads turned away because the node had too many at once: in no other count; 0 in answers about the past */
  rejected: number;
  /** a log at INFO without counters, which does not show most failed uploads since v1.114 */
  may_hide_failures: boolean;
  /** bytes of the successes; null as `success` */
  bytes: number | null;
  /** bytes of all results */
  all_bytes: number;
  /** how many have a duration */
  timed: number;
  /** milliseconds; null = unknown */
  mean_ms: number | null;
  /** milliseconds; null = unknown */
  p50_ms: number | null;
  /** milliseconds; null = unknown */
  p95_ms: number | null;
  /** milliseconds; null = unknown */
  p99_ms: number | null;
  /** how exact the log's times are, milliseconds; null when nothing was timed by it */
  resolution_ms: number | null;
  /** who counted: the log, the node's own counters, or (of several nodes) both */
  source: "log" | "metrics" | "mixed";
  /** where the durations are from, or null */
  timed_source: "log" | "metrics" | null;
}

/** Results and bytes at one satellite. */
export interface SatelliteRow {
  /** short name of the satellite, for people */
  name: string;
  /** `[success, canceled, failed]` */
  put: [number, number, number];
  /** `[success, canceled, failed]` */
  get: [number, number, number];
  /** `[success, canceled, failed]` */
  audit: [number, number, number];
  /** `[success, canceled, failed]` */
  repair: [number, number, number];
  /** bytes of successful uploads */
  up_bytes: number;
  /** bytes of successful downloads */
  down_bytes: number;
}

/** Transfers of one size class and direction. */
export interface SizeRow {
  /** `up` (the node stores) or `down` (it serves) */
  direction: "up" | "down";
  /** 0 to 7: below 1 kB, 4 kB, 16 kB, 64 kB, 256 kB, 1 MB, 2 MB, and more (powers of two) */
  class: number;
  /** bytes, from here */
  from_bytes: number;
  /** bytes, below this; null = no bound */
  to_bytes: number | null;
  /** all outcomes */
  count: number;
  /** how many */
  success: number;
}

/** Errors of one template. */
export interface ErrorRow {
  /** of the lines */
  level: string;
  /** the part of the node that wrote them */
  logger: string;
  /** of the lines */
  message: string;
  /** its text without what differs from line to line */
  template: string;
  /** how many */
  count: number;
  /** Unix seconds */
  first: number;
  /** Unix seconds */
  last: number;
  /** one of the texts */
  sample: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** what it threatens */
  class: "data or disk" | "reputation" | "start and life" | "money and orders" | "reachability" | "garbage collection and migration" | "traffic";
  /** 0 = the worst class */
  rank: number;
  /** how bad it is */
  severity: "critical" | "warning" | "info";
  /** those that had it, at most 20 */
  nodes: string[];
  /** how many had it */
  node_count: number;
}

/** A piece that is asked for often. */
export interface PieceRow {
  /** first 8 bytes of the piece id, 16 hex digits */
  piece: string;
  /** as the log has it, or "" */
  piece_id: string;
  /** downloads */
  count: number;
  /** `count` may be too high by this much */
  error: number;
  /** bytes */
  bytes: number;
  /** id of the satellite; "" = none */
  satellite: string;
}

/** Transfers by country of the other side. */
export interface CountryRow {
  /** ISO code; "" = unknown or private */
  country: string;
  /** how many */
  up_count: number;
  /** how many */
  down_count: number;
  /** bytes */
  up_bytes: number;
  /** bytes */
  down_bytes: number;
}

/** A compaction of a store of the hashstore. */
export interface CompactionRow {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** `s0` or `s1` */
  store: string;
  /** `broken_off`: the node was restarted meanwhile */
  state: "running" | "done" | "failed" | "broken_off";
  /** Unix seconds; null = its beginning is not known */
  started: number | null;
  /** Unix seconds; null = it has not ended */
  finished: number | null;
  /** seconds, as the node says, or null */
  duration_s: number | null;
  /** what it does now, or "" */
  stage: string;
  /** why it failed, or "" */
  error: string;
  /** the node's own rounded text, e.g. "1.4 GiB", or null */
  reclaimed: string | null;
  /** the node's own rounded text, e.g. "1.4 GiB", or null */
  total: string | null;
  /** the node's own rounded text, e.g. "1.4 GiB", or null */
  rewritten: string | null;
  /** the node's own rounded text, e.g. "1.4 GiB", or null */
  trashed: string | null;
  /** the node's own rounded text, e.g. "1.4 GiB", or null */
  expired: string | null;
}

/** What the lines of one log were taken for. Key: the node's name. */
export interface LineTotalsRow {
  /** name of the node, from the settings */
  node: string;
  /** how many */
  lines: number;
  /** how many */
  understood: number;
  /** lines that are known and say nothing that is counted */
  ignored: number;
  /** how many */
  not_understood: number;
}

/** Lines of one sort that were not used. Key: `node/kind/logger/message`. */
export interface LineReasonRow {
  /** name of the node, from the settings */
  node: string;
  /** why they were not used */
  kind: "ignored" | "not_understood";
  /** the part of the node that wrote them */
  logger: string;
  /** of the lines, without what differs */
  message: string;
  /** how many */
  count: number;
  /** one of the lines */
  sample: string;
}

/** How far the node is from being vetted (100 audits, 504 hours). */
export interface Vetting {
  /** null = unknown */
  done: boolean | null;
  /** audits so far; null = unknown */
  audits: number | null;
  /** `audits` may be more */
  at_least: boolean;
  /** null = unknown */
  audits_left: number | null;
  /** hours online so far; null = unknown */
  hours: number | null;
  /** null = unknown */
  hours_left: number | null;
}

/** A value with who said it and when. A figure that is null is unknown. */
export interface Figure<T> {
  /** the value; null in a date = it has not happened */
  value: T;
  /** who said so */
  source: "api" | "metrics" | "log" | "file_system" | "probe" | "computed";
  /** Unix seconds: when it was said */
  at: number;
}

/** Of a node that leaves, or has left. */
export interface GracefulExit {
  /** how far it is */
  state: "begun" | "completed" | "failed";
  /** Unix seconds */
  at: number;
}

/** How the audit score moved. */
export interface AuditRate {
  /** Unix seconds */
  from: number;
  /** Unix seconds */
  to: number;
  /** of the score, in that time */
  change: number;
  /** audits in that time; null = unknown */
  audits: number | null;
  /** failed audits in that time; null = unknown */
  failed: number | null;
}

/** How far the node is from disqualification. */
export interface DisqualificationMargin {
  /** of the score from the limit */
  distance: number;
  /** failed audits in a row until disqualification */
  failures_allowed: number;
  /** where the score goes */
  trend: "unknown" | "steady" | "rising" | "falling";
  /** score at which it comes to rest at the present rate, or null */
  settles_at_score: number | null;
  /** hours until disqualification at the present rate; null = it does not come, or unknown */
  hours_to_disqualification: number | null;
  /** null = unknown */
  rate: AuditRate | null;
}

/** A window with audits that were missed. */
export interface OfflineWindow {
  /** Unix seconds */
  start: number;
  /** seconds */
  length_s: number;
  /** how many */
  total: number;
  /** how many */
  missed: number;
  /** seconds offline that it counts as */
  offline_s: number;
}

/** How long the node may be off. */
export interface DowntimeBudget {
  /** safe to be off for so many hours; null = unknown */
  hours: number | null;
  /** `young`: cannot be suspended before 60 windows; `suspended`: it is already */
  state: "counted" | "young" | "suspended" | "unknown";
  /** how many it is made of */
  windows: number;
  /** the windows are not known, `hours` is a careful estimate */
  estimated: boolean;
  /** what gives way first */
  limited_by: "online_score" | "contact";
  /** Unix seconds: where the node is away already, `hours` is what is left; else null */
  away_since: number | null;
  /** online score that it starts from; null = unknown */
  score: number | null;
  /** all windows of the satellite's month are there */
  full: boolean;
}

/** A piece that audits or repairs failed on. */
export interface FailingPiece {
  /** as the log has it */
  piece_id: string;
  /** what was wrong */
  cause: "missing" | "in_trash" | "corrupt" | "disk" | "timeout" | "network" | "other";
  /** the same in words */
  cause_text: string;
  /** as the log says */
  reason: string;
  /** failed audits */
  audits: number;
  /** failed repairs */
  repairs: number;
  /** times that it was found in the trash */
  in_trash: number;
  /** Unix seconds */
  first: number;
  /** Unix seconds */
  last: number;
}

/** Failures of the last 24 hours of the log. */
export interface Failures {
  /** failed audits */
  audits: number;
  /** failed repairs */
  repairs: number;
  /** pieces found in the trash */
  in_trash: number;
  /** pieces left out of `pieces` */
  more: number;
  /** at most 20 */
  pieces: FailingPiece[];
}

/** Failed audits that only the node's counters know. */
export interface RefusedAudits {
  /** since `since` */
  value: number;
  /** of the last hour */
  last_hour: number;
  /** Unix seconds */
  since: number;
  /** who counted */
  source: "metrics";
}

/** A node at a satellite. Key: `node/satellite`. */
export interface ReputationRow {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** 0 = worst of the view: sort by it */
  rank: number;
  /** what the satellite thinks of the node, the worst first */
  standing: "disqualified" | "suspended" | "offline_suspended" | "at_risk" | "watch" | "unknown" | "vetting" | "healthy" | "exiting" | "exited";
  /** a sentence: why */
  reason: string;
  /** why the node's answer about the satellite fails: what is shown is old; null = it does not */
  unknown: string | null;
  /** How far the node is from being vetted (100 audits, 504 hours). */
  vetting: Vetting;
  /** figure; null = unknown */
  audit_score: Figure<number> | null;
  /** figure; null = unknown */
  suspension_score: Figure<number> | null;
  /** figure; null = unknown */
  online_score: Figure<number> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  disqualified_at: Figure<number | null> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  suspended_at: Figure<number | null> | null;
  /** address of the satellite, or "" */
  address: string;
  /** null = the node does not leave */
  exit: GracefulExit | null;
  /** Unix seconds, as the node's notification dates it, or null */
  offline_suspended_at: number | null;
  /** figure; null = unknown */
  total_audits: Figure<number> | null;
  /** figure; null = unknown */
  successful_audits: Figure<number> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  vetted_at: Figure<number | null> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  joined_at: Figure<number | null> | null;
  /** null = the score is unknown */
  disqualification_margin: DisqualificationMargin | null;
  /** audits that may end in an error in a row until suspension; null = unknown */
  suspension_allowed: number | null;
  /** audits missed while offline, in the known windows; null = unknown */
  missed_audits: number | null;
  /** `[start, total, online]` of 12 hours each, oldest first, at most 62; the last one is open */
  windows: [number, number, number][];
  /** those in which audits were missed, oldest first, at most 62 */
  offline_windows: OfflineWindow[];
  /** How long the node may be off. */
  budget: DowntimeBudget;
  /** Failures of the last 24 hours of the log. */
  failures: Failures;
  /** null = the node has no counters */
  refused_audits: RefusedAudits | null;
}

/** How far the node is from disqualification: what a first look shows. */
export interface MarginSummary {
  /** failed audits in a row until disqualification */
  failures_allowed: number;
  /** where the score goes */
  trend: "unknown" | "steady" | "rising" | "falling";
  /** hours until disqualification at the present rate; null = it does not come, or unknown */
  hours_to_disqualification: number | null;
}

/** How long the node may be off: what a first look shows. */
export interface BudgetSummary {
  /** safe to be off for so many hours; null = unknown */
  hours: number | null;
  /** `young`: cannot be suspended before 60 windows; `suspended`: it is already */
  state: "counted" | "young" | "suspended" | "unknown";
  /** how many it is made of */
  windows: number;
  /** the windows are not known, `hours` is a careful estimate */
  estimated: boolean;
  /** what gives way first */
  limited_by: "online_score" | "contact";
  /** Unix seconds: where the node is away already, `hours` is what is left; else null */
  away_since: number | null;
}

/** Failures of the last 24 hours of the log: what a first look shows. */
export interface FailuresSummary {
  /** failed audits */
  audits: number;
}

/** What a view of several nodes has of a row. */
export interface ReputationSummary {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** 0 = worst of the view: sort by it */
  rank: number;
  /** what the satellite thinks of the node, the worst first */
  standing: "disqualified" | "suspended" | "offline_suspended" | "at_risk" | "watch" | "unknown" | "vetting" | "healthy" | "exiting" | "exited";
  /** a sentence: why */
  reason: string;
  /** why the node's answer about the satellite fails: what is shown is old; null = it does not */
  unknown: string | null;
  /** How far the node is from being vetted (100 audits, 504 hours). */
  vetting: Vetting;
  /** figure; null = unknown */
  audit_score: Figure<number> | null;
  /** figure; null = unknown */
  suspension_score: Figure<number> | null;
  /** figure; null = unknown */
  online_score: Figure<number> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  disqualified_at: Figure<number | null> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  suspended_at: Figure<number | null> | null;
  /** null = the score is unknown */
  disqualification_margin: MarginSummary | null;
  /** How long the node may be off: what a first look shows. */
  budget: BudgetSummary;
  /** Failures of the last 24 hours of the log: what a first look shows. */
  failures: FailuresSummary;
}

/** A part of the allocation. */
export interface BarPart {
  /** `reserved`: for compactions; `missing`: allocated, but the disk does not have it; `unavailable`: unusable, for an unknown reason */
  part: "pieces" | "trash" | "reclaimable" | "overhead" | "used" | "free" | "reserved" | "missing" | "unavailable";
  /** bytes */
  bytes: number;
}

/** Where the node keeps its data on this machine. */
export interface DataFolder {
  /** as the settings name it */
  path: string;
  /** why its disk cannot be looked at, or null */
  problem: string | null;
}

/** Two figures that ought to agree and do not. */
export interface SpaceGap {
  /** which */
  gap: "other_files" | "stale_count" | "disk_smaller" | "not_paid" | "paid_without_files" | "rest" | "two_answers";
  /** bytes */
  difference_bytes: number;
  /** a sentence for people */
  text: string;
}

/** What the node says and cannot be: it is null among the figures, and in no sum. */
export interface ImpossibleSize {
  /** which one */
  figure: string;
  /** bytes, as the node says */
  value: number;
  /** who said so */
  source: "api" | "metrics" | "log" | "file_system" | "probe" | "computed";
  /** a sentence for people */
  text: string;
}

/** How fast used space grows. */
export interface SpaceGrowth {
  /** which way */
  state: "unknown" | "growing" | "steady" | "shrinking";
  /** bytes a day; null = unknown */
  bytes_per_day: number | null;
  /** bytes a day, the low end of the band, or null */
  low: number | null;
  /** bytes a day, the high end of the band, or null */
  high: number | null;
  /** points that it rests on */
  points: number;
  /** why it is unknown, or "" */
  why: string;
}

/** When the node is so full. */
export interface Level {
  /** share of the capacity, 0 to 1 */
  level: number;
  /** bytes */
  bytes: number;
  /** days from now; null = not within ten years, or not known */
  days: number | null;
  /** days, the early end of the band, or null */
  earliest: number | null;
  /** days, the late end of the band, or null */
  latest: number | null;
  /** it is so full already */
  reached: boolean;
}

/** When a node is full. */
export interface Forecast {
  /** days that the growth is taken from: 7, 30 or 90 */
  window_days: number;
  /** How fast used space grows. */
  growth: SpaceGrowth;
  /** When the node is so full. */
  levels: Level[];
}

/** A node's space. Key: its name. Figures are bytes. */
export interface StorageNodeRow {
  kind: "node";
  /** name of the node, from the settings */
  node: string;
  /** Unix seconds: when the node last reported its space; null = never */
  at: number | null;
  /** figure; null = unknown */
  allocated: Figure<number> | null;
  /** figure; null = unknown */
  used: Figure<number> | null;
  /** figure; null = unknown */
  free: Figure<number> | null;
  /** figure; null = unknown */
  overused: Figure<number> | null;
  /** bytes at which the node is full; null = unknown */
  capacity_bytes: number | null;
  /** parts of the allocation, from left to right */
  bar: BarPart[];
  /** null = the settings name no folder */
  file_system: DataFolder | null;
  /** what the node's version calls used, or null */
  meaning: "old" | "new" | null;
  /** figure; null = unknown */
  pieces: Figure<number> | null;
  /** figure; null = unknown */
  trash: Figure<number> | null;
  /** figure; null = unknown */
  reclaimable: Figure<number> | null;
  /** figure; null = unknown */
  overhead: Figure<number> | null;
  /** figure; null = unknown */
  reserved: Figure<number> | null;
  /** figure; null = unknown */
  file_system_total: Figure<number> | null;
  /** figure; null = unknown */
  file_system_free: Figure<number> | null;
  /** figure; null = unknown */
  reported: Figure<number> | null;
  /** figure; null = unknown */
  reported_month: Figure<number> | null;
  /** figure; null = unknown */
  unpaid: Figure<number> | null;
  /** largest first */
  differences: SpaceGap[];
  /** What the node says and cannot be: it is null among the figures, and in no sum. */
  impossible: ImpossibleSize[];
  /** from 7, 30 and 90 days */
  forecasts: Forecast[];
}

/** A sum over nodes. */
export interface FleetSum {
  /** bytes */
  value: number;
  /** nodes that are in it */
  nodes: number;
  /** Unix seconds: the oldest of its figures */
  oldest_at: number;
  /** nodes that are not in it */
  left_out: string[];
}

/** When all nodes of the view together are full. */
export interface FleetForecast {
  /** days that the growth is taken from: 7, 30 or 90 */
  window_days: number;
  /** How fast used space grows. */
  growth: SpaceGrowth;
  /** When the node is so full. */
  levels: Level[];
  /** nodes that are in it */
  included: string[];
  /** nodes that are not */
  left_out: string[];
  /** nodes that are in it and shrink */
  shrinking: string[];
}

/** All nodes of the view together. Key: "". */
export interface StorageFleetRow {
  kind: "fleet";
  /** "" */
  node: string;
  /** Unix seconds: when any node last reported its space; null = never */
  at: number | null;
  /** bytes; null = unknown */
  allocated: FleetSum | null;
  /** bytes; null = unknown */
  used: FleetSum | null;
  /** bytes; null = unknown */
  pieces: FleetSum | null;
  /** bytes; null = unknown */
  trash: FleetSum | null;
  /** bytes; null = unknown */
  reclaimable: FleetSum | null;
  /** bytes; null = unknown */
  overhead: FleetSum | null;
  /** bytes; null = unknown */
  reserved: FleetSum | null;
  /** bytes; null = unknown */
  free: FleetSum | null;
  /** bytes; null = unknown */
  overused: FleetSum | null;
  /** bytes; null = unknown */
  file_system_total: FleetSum | null;
  /** bytes; null = unknown */
  file_system_free: FleetSum | null;
  /** bytes; null = unknown */
  reported: FleetSum | null;
  /** bytes; null = unknown */
  reported_month: FleetSum | null;
  /** bytes; null = unknown */
  unpaid: FleetSum | null;
  /** bytes; null = unknown */
  capacity_bytes: number | null;
  /** parts of the allocation, from left to right */
  bar: BarPart[];
  /** from 7, 30 and 90 days */
  forecasts: FleetForecast[];
}

/** Which two figures do not agree. */
export interface GapSummary {
  /** which */
  gap: "other_files" | "stale_count" | "disk_smaller" | "not_paid" | "paid_without_files" | "rest" | "two_answers";
}

/** Which figure cannot be. */
export interface ImpossibleSummary {
  /** which one */
  figure: string;
}

/** How fast used space grows: what a first look shows. */
export interface GrowthSummary {
  /** which way */
  state: "unknown" | "growing" | "steady" | "shrinking";
  /** bytes a day; null = unknown */
  bytes_per_day: number | null;
  /** bytes a day, the low end of the band, or null */
  low: number | null;
  /** bytes a day, the high end of the band, or null */
  high: number | null;
}

/** When a node is full: what a first look shows. */
export interface ForecastSummary {
  /** days that the growth is taken from: 7, 30 or 90 */
  window_days: number;
  /** How fast used space grows: what a first look shows. */
  growth: GrowthSummary;
  /** the last one: when it is full */
  levels: Level[];
}

/** What a view of several nodes has of a node's row. */
export interface StorageNodeSummary {
  kind: "node";
  /** name of the node, from the settings */
  node: string;
  /** Unix seconds: when the node last reported its space; null = never */
  at: number | null;
  /** figure; null = unknown */
  allocated: Figure<number> | null;
  /** figure; null = unknown */
  used: Figure<number> | null;
  /** figure; null = unknown */
  free: Figure<number> | null;
  /** figure; null = unknown */
  overused: Figure<number> | null;
  /** bytes at which the node is full; null = unknown */
  capacity_bytes: number | null;
  /** parts of the allocation, from left to right */
  bar: BarPart[];
  /** null = the settings name no folder */
  file_system: DataFolder | null;
  /** Which two figures do not agree. */
  differences: GapSummary[];
  /** Which figure cannot be. */
  impossible: ImpossibleSummary[];
  /** the one of 30, 7 or 90 days that is known first, or none */
  forecasts: ForecastSummary[];
}

/** One month, as far as it is estimated. */
export interface Month {
  /** month, YYYY-MM */
  period: string;
  /** micro-dollars that are paid out: gross less held */
  payout_usd_micros: number;
  /** Unix seconds: up to here */
  through: number;
  /** bytes */
  egress_bytes: number;
  /** bytes */
  repair_bytes: number;
  /** bytes */
  audit_bytes: number;
  /** bytes stored for a month of 720 hours */
  storage_byte_months: number;
  /** micro-dollars (1e-6 USD) */
  egress_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  repair_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  audit_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  storage_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  gross_usd_micros: number;
  /** percent that is held, by age; null in a sum of satellites */
  held_percent: number | null;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars, formerly held, expected back this month; in no other figure */
  disposed_usd_micros: number;
}

/** The node's own estimate. */
export interface NodeOwnEstimate {
  /** micro-dollars, this month so far, after held */
  now_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars at the month's end */
  expected_usd_micros: number;
  /** micro-dollars of the month before, after held */
  previous_usd_micros: number;
  /** Unix seconds: when it was asked */
  at: number;
  /** who said so */
  source: "api";
}

/** One figure of ours beside the other side's. */
export interface PriceDifference {
  /** egress, repair, storage, payout, … */
  category: string;
  /** micro-dollars (1e-6 USD) */
  ours_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  theirs_usd_micros: number;
  /** micro-dollars, ours less theirs */
  difference_usd_micros: number;
}

/** Ours beside the node's own estimate. */
export interface Comparison {
  /** no category is off by more than a cent */
  agrees: boolean;
  /** why they differ: sentences; a summary has the first */
  reasons: string[];
  /** One figure of ours beside the other side's. */
  differences: PriceDifference[];
}

/** What the satellite pays. */
export interface Prices {
  /** micro-dollars for a TB (1e12 bytes) */
  egress_usd_micros_per_tb: number;
  /** micro-dollars for a TB (1e12 bytes) */
  repair_usd_micros_per_tb: number;
  /** micro-dollars for a TB (1e12 bytes) */
  audit_usd_micros_per_tb: number;
  /** micro-dollars for a TB for a month (720 h) */
  storage_usd_micros_per_tb_month: number;
  /** the weakest source of the four */
  source: "settings" | "node" | "published";
  /** names of those from the settings */
  overridden: string[];
}

/** What one satellite holds. */
export interface Held {
  /** micro-dollars that are still held */
  net_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars given back */
  disposed_usd_micros: number;
  /** micro-dollars that come back in month 16 */
  return_usd_micros: number;
  /** micro-dollars that only a graceful exit brings back */
  exit_usd_micros: number;
  /** micro-dollars lost to disqualification */
  lost_usd_micros: number;
  /** micro-dollars held in months 1-3, 4-6, 7-9 and later */
  stages_usd_micros: [number, number, number, number];
  /** months since the node joined; null = unknown */
  age_months: number | null;
  /** percent held of this month */
  percent: number;
  /** percent held from `next_period` on; null = it stays */
  next_percent: number | null;
  /** month, YYYY-MM, or null */
  next_period: string | null;
  /** month in which half is due back, YYYY-MM; null = unknown, or given back already */
  return_period: string | null;
}

/** One satellite of a node. Key: `node/satellite`. */
export interface EarningsSatelliteRow {
  kind: "satellite";
  /** name of the node; "" = all nodes */
  node: string;
  /** id of the satellite; "" = all of them */
  satellite: string;
  /** of the satellite, or of the node; "" = all nodes */
  name: string;
  /** who said so */
  source: "computed";
  /** Unix seconds: the newest answer used */
  at: number;
  /** this month so far; null = unknown */
  now: Month | null;
  /** the whole month at the present pace; null = too young to tell, or unknown */
  month_end: Month | null;
  /** micro-dollars at the month's end, computed the node's way; null = unknown */
  expected_usd_micros: number | null;
  /** the month before; null = unknown */
  previous: Month | null;
  /** null = the node gives none */
  theirs: NodeOwnEstimate | null;
  /** null = there is nothing to compare with */
  comparison: Comparison | null;
  /** null = the month is unknown */
  prices: Prices | null;
  /** how days of storage become byte-hours, or null */
  formula: "reported" | "area" | null;
  /** Unix seconds, or null */
  joined_at: number | null;
  /** Unix seconds; null = it is not */
  disqualified_at: number | null;
  /** what a reader should know: sentences */
  notes: string[];
  /** why the node's answer about it fails, or null */
  unknown: string | null;
  /** null = nothing is known */
  held: Held | null;
}

/** What several satellites hold. */
export interface HeldSum {
  /** micro-dollars that are still held */
  net_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars given back */
  disposed_usd_micros: number;
  /** micro-dollars that come back in month 16 */
  return_usd_micros: number;
  /** micro-dollars that only a graceful exit brings back */
  exit_usd_micros: number;
  /** micro-dollars lost to disqualification */
  lost_usd_micros: number;
}

/** Sums over paystubs. */
export interface Balance {
  /** micro-dollars that wait, paystub by paystub */
  undistributed_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  earned_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  disposed_usd_micros: number;
  /** micro-dollars approved */
  paid_usd_micros: number;
  /** micro-dollars transferred */
  distributed_usd_micros: number;
}

/** Where the payout of the whole month lies in nine of ten cases. */
export interface Band {
  /** micro-dollars (1e-6 USD) */
  low_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  high_usd_micros: number;
}

/** What a TB brings, before held. */
export interface Revenue {
  /** micro-dollars; null = nothing is stored */
  storage_usd_micros_per_tb_month: number | null;
  /** micro-dollars; null = nothing was served */
  egress_usd_micros_per_tb: number | null;
  /** micro-dollars of all income a TB stored; null = nothing is stored */
  all_usd_micros_per_tb_month: number | null;
}

/** Data on the disk that nobody pays for. */
export interface Unpaid {
  /** bytes */
  trash_bytes: number;
  /** bytes */
  reclaimable_bytes: number;
  /** bytes stored that satellites do not report */
  uncollected_bytes: number;
  /** bytes */
  total_bytes: number;
  /** micro-dollars that it would bring in a month */
  total_usd_micros_per_month: number;
}

/** What is left after costs. */
export interface Profit {
  /** micro-dollars (1e-6 USD) */
  revenue_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  power_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  fixed_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  profit_usd_micros: number;
}

/** The other currency of the settings. */
export interface Currency {
  /** e.g. EUR */
  code: string;
  /** how much of it a dollar is worth */
  per_usd: number;
}

/** A satellite whose month is in no sum. */
export interface LeftOutSatellite {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** a sentence for people */
  why: string;
}

/** One node. Key: its name. */
export interface EarningsNodeRow {
  kind: "node";
  /** name of the node; "" = all nodes */
  node: string;
  /** id of the satellite; "" = all of them */
  satellite: string;
  /** of the satellite, or of the node; "" = all nodes */
  name: string;
  /** who said so */
  source: "computed";
  /** Unix seconds: the newest answer used */
  at: number;
  /** this month so far; null = unknown */
  now: Month | null;
  /** the whole month at the present pace; null = too young to tell, or unknown */
  month_end: Month | null;
  /** micro-dollars at the month's end, computed the node's way; null = unknown */
  expected_usd_micros: number | null;
  /** the month before; null = unknown */
  previous: Month | null;
  /** null = the node gives none */
  theirs: NodeOwnEstimate | null;
  /** null = there is nothing to compare with */
  comparison: Comparison | null;
  /** What several satellites hold. */
  held: HeldSum;
  /** Sums over paystubs. */
  balance: Balance;
  /** null with fewer than 7 whole days */
  band: Band | null;
  /** null = unknown */
  revenue: Revenue | null;
  /** null = unknown */
  unpaid: Unpaid | null;
  /** this month so far; null where no cost is set */
  profit_now: Profit | null;
  /** the whole month; null where no cost is set, or too young to tell */
  profit_month_end: Profit | null;
  /** null = the settings name none */
  currency: Currency | null;
  /** satellites whose month is in no sum; their own row has null figures */
  left_out_satellites: LeftOutSatellite[];
  /** why the month's end is as it is: sentences */
  forecast_reasons: string[];
}

/** A node whose paystubs, or newest ones, are in no sum. */
export interface LeftOutPaystubs {
  /** name of the node, from the settings */
  node: string;
  /** a sentence for people */
  why: string;
}

/** All nodes of the view together. Key: "". */
export interface EarningsFleetRow {
  kind: "fleet";
  /** name of the node; "" = all nodes */
  node: string;
  /** id of the satellite; "" = all of them */
  satellite: string;
  /** of the satellite, or of the node; "" = all nodes */
  name: string;
  /** who said so */
  source: "computed";
  /** Unix seconds: the newest answer used */
  at: number;
  /** this month so far; null = unknown */
  now: Month | null;
  /** the whole month at the present pace; null = too young to tell, or unknown */
  month_end: Month | null;
  /** micro-dollars at the month's end, computed the node's way; null = unknown */
  expected_usd_micros: number | null;
  /** the month before; null = unknown */
  previous: Month | null;
  /** null = the node gives none */
  theirs: NodeOwnEstimate | null;
  /** null = there is nothing to compare with */
  comparison: Comparison | null;
  /** What several satellites hold. */
  held: HeldSum;
  /** Sums over paystubs. */
  balance: Balance;
  /** null with fewer than 7 whole days */
  band: Band | null;
  /** null = unknown */
  revenue: Revenue | null;
  /** null = unknown */
  unpaid: Unpaid | null;
  /** this month so far; null where no cost is set */
  profit_now: Profit | null;
  /** the whole month; null where no cost is set, or too young to tell */
  profit_month_end: Profit | null;
  /** null = the settings name none */
  currency: Currency | null;
  /** satellites whose month is in no sum; their own row has null figures */
  left_out_satellites: LeftOutSatellite[];
  /** nodes that are in the sums of this month */
  nodes: number;
  /** nodes without figures of this month */
  left_out: string[];
  /** nodes that no profit counts */
  without_costs: string[];
  /** A node whose paystubs, or newest ones, are in no sum. */
  left_out_paystubs: LeftOutPaystubs[];
}

/** One month: what a first look shows. */
export interface MonthSummary {
  /** month, YYYY-MM */
  period: string;
  /** micro-dollars that are paid out: gross less held */
  payout_usd_micros: number;
}

/** The node's own estimate: what a first look shows. */
export interface TheirsSummary {
  /** micro-dollars, this month so far, after held */
  now_usd_micros: number;
}

/** Ours beside the node's own estimate: what a first look shows. */
export interface ComparisonSummary {
  /** no category is off by more than a cent */
  agrees: boolean;
  /** why they differ: sentences; a summary has the first */
  reasons: string[];
}

/** What satellites hold: what a first look shows. */
export interface HeldSummary {
  /** micro-dollars that are still held */
  net_usd_micros: number;
}

/** Approved and not transferred yet: what a first look shows. */
export interface BalanceSummary {
  /** micro-dollars that wait, paystub by paystub */
  undistributed_usd_micros: number;
}

/** What a view of several nodes has of a node's row; rows of satellites it has none. */
export interface EarningsNodeSummary {
  kind: "node";
  /** name of the node; "" = all nodes */
  node: string;
  /** id of the satellite; "" = all of them */
  satellite: string;
  /** of the satellite, or of the node; "" = all nodes */
  name: string;
  /** Unix seconds: the newest answer used */
  at: number;
  /** micro-dollars at the month's end, computed the node's way; null = unknown */
  expected_usd_micros: number | null;
  /** this month so far; null = unknown */
  now: MonthSummary | null;
  /** null = the node gives none */
  theirs: TheirsSummary | null;
  /** null = there is nothing to compare with */
  comparison: ComparisonSummary | null;
  /** What satellites hold: what a first look shows. */
  held: HeldSummary;
  /** Approved and not transferred yet: what a first look shows. */
  balance: BalanceSummary;
}

/** A route of the API that gives nothing now; all others answer. */
export interface RouteProblem {
  /** of the route */
  path: string;
  /** `absent`: not in this version of the node */
  status: "failing" | "hanging" | "absent";
  /** Unix seconds */
  since: number;
  /** Unix seconds; null = never */
  answered_at: number | null;
  /** what is wrong */
  detail: string;
}

/** An endpoint of the node. */
export interface EndpointRow {
  /** its API, its debug port, its public port */
  endpoint: "api" | "metrics" | "health";
  /** `partial`: it answers, but a route hangs or breaks off */
  status: "unknown" | "ok" | "partial" | "unreachable" | "not_understood";
  /** Unix seconds */
  since: number;
  /** why, or "" */
  detail: string;
  /** its address */
  url: string;
  /** not from the settings, but found on this machine */
  found: boolean;
  /** those that give nothing now */
  routes: RouteProblem[];
}

/** What the node said before it went. */
export interface LastWord {
  /** Unix seconds */
  at: number;
  /** as the log has it */
  text: string;
  /** it says why */
  cause: boolean;
}

/** Whether the node runs. */
export interface Uptime {
  /** `starting` counts as away */
  state: "up" | "starting" | "down" | "unknown";
  /** Unix seconds; null = unknown */
  since: number | null;
  /** by a witness that cannot be mistaken, or by two */
  certain: boolean;
  /** since it was up last */
  failed_starts: number;
  /** of a node that is down or starts, the most telling first: at most 8, in a summary 3 */
  last_messages: LastWord[];
  /** a sentence for people */
  reason: string;
  /** who saw it, see uptime.md */
  witnesses: ("process" | "log_gap" | "ping_failed" | "api_down" | "probe" | "metrics_down" | "life" | "api_started" | "contact")[];
}

/** When it was away. */
export interface Downtime {
  /** Unix seconds */
  from: number;
  /** Unix seconds; null while it lasts */
  until: number | null;
  /** who saw it, see uptime.md */
  witnesses: ("process" | "log_gap" | "ping_failed" | "api_down" | "probe" | "metrics_down" | "life" | "api_started" | "contact")[];
  /** with `process`, `probe`, or two witnesses */
  certain: boolean;
  /** seconds; null while it lasts */
  duration_s: number | null;
}

/** What the node notifies of. */
export interface Notice {
  /** as the node numbers it */
  kind: number;
  /** in the node's words */
  title: string;
  /** in the node's words */
  message: string;
  /** Unix seconds, or null */
  at: number | null;
}

/** What the node's own counters say of one action and outcome. */
export interface CountedTransfers {
  /** what the transfers were for: the node's own spelling, or UNKNOWN */
  action: string;
  /** `up` (the node stores) or `down` (it serves) */
  direction: "up" | "down";
  /** how the transfers ended */
  outcome: "success" | "canceled" | "failed";
  /** how many */
  count: number;
  /** bytes */
  bytes: number;
  /** milliseconds; null = unknown */
  mean_ms: number | null;
}

/** What the node's own counters grew by since the monitor's first answer. */
export interface NodeCounters {
  /** who counted */
  source: "metrics";
  /** Unix seconds */
  since: number;
  /** What the node's own counters say of one action and outcome. */
  rows: CountedTransfers[];
}

/** One node. Key: its name. */
export interface HealthRow {
  /** name of the node, from the settings */
  node: string;
  /** "" = unknown */
  wallet: string;
  /** payout networks that it has opted in to */
  wallet_features: string[];
  /** figure; null = unknown */
  version: Figure<string> | null;
  /** figure; null = unknown */
  minimum_version: Figure<string> | null;
  /** figure; null = unknown */
  up_to_date: Figure<boolean> | null;
  /** figure; null = unknown */
  quic: Figure<string> | null;
  /** figure; null = unknown */
  quic_at: Figure<number> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  last_contact: Figure<number | null> | null;
  /** figure; null = unknown */
  started_at: Figure<number> | null;
  /** figure, seconds at the time that it was asked; null = unknown, or the node is down */
  uptime_s: Figure<number> | null;
  /** figure; null = unknown */
  all_healthy: Figure<boolean> | null;
  /** sentences for the operator */
  warnings: string[];
  /** hours of the last 30 days in which it was away for certain */
  down_hours_30d: number;
  /** the node's identity; "" while it is unknown */
  node_id: string;
  /** figure, seconds that its clock is ahead of the monitor's; null = unknown */
  clock_ahead_s: Figure<number> | null;
  /** figure, bytes of this UTC month; null = unknown */
  bandwidth_bytes: Figure<number> | null;
  /** An endpoint of the node. */
  endpoints: EndpointRow[];
  /** Whether the node runs. */
  uptime: Uptime;
  /** last 30 days, newest first, at most 20 */
  downtimes: Downtime[];
  /** newest 5 */
  notifications: Notice[];
  /** null = the node has no counters */
  transfers: NodeCounters | null;
}

/** An endpoint of the node: what a first look shows. */
export interface EndpointSummary {
  /** its API, its debug port, its public port */
  endpoint: "api" | "metrics" | "health";
  /** `partial`: it answers, but a route hangs or breaks off */
  status: "unknown" | "ok" | "partial" | "unreachable" | "not_understood";
  /** Unix seconds */
  since: number;
  /** why, or "" */
  detail: string;
}

/** Whether the node runs: what a first look shows. */
export interface UptimeSummary {
  /** `starting` counts as away */
  state: "up" | "starting" | "down" | "unknown";
  /** Unix seconds; null = unknown */
  since: number | null;
  /** by a witness that cannot be mistaken, or by two */
  certain: boolean;
  /** since it was up last */
  failed_starts: number;
  /** of a node that is down or starts, the most telling first: at most 8, in a summary 3 */
  last_messages: LastWord[];
}

/** What the node notifies of: what a first look shows. */
export interface NoticeSummary {
  /** as the node numbers it */
  kind: number;
}

/** What a view of several nodes has of a row. */
export interface HealthSummary {
  /** name of the node, from the settings */
  node: string;
  /** "" = unknown */
  wallet: string;
  /** payout networks that it has opted in to */
  wallet_features: string[];
  /** figure; null = unknown */
  version: Figure<string> | null;
  /** figure; null = unknown */
  minimum_version: Figure<string> | null;
  /** figure; null = unknown */
  up_to_date: Figure<boolean> | null;
  /** figure; null = unknown */
  quic: Figure<string> | null;
  /** figure; null = unknown */
  quic_at: Figure<number> | null;
  /** figure, Unix seconds; its value null = it has not happened; null = unknown */
  last_contact: Figure<number | null> | null;
  /** figure; null = unknown */
  started_at: Figure<number> | null;
  /** figure, seconds at the time that it was asked; null = unknown, or the node is down */
  uptime_s: Figure<number> | null;
  /** figure; null = unknown */
  all_healthy: Figure<boolean> | null;
  /** sentences for the operator */
  warnings: string[];
  /** hours of the last 30 days in which it was away for certain */
  down_hours_30d: number;
  /** An endpoint of the node: what a first look shows. */
  endpoints: EndpointSummary[];
  /** Whether the node runs: what a first look shows. */
  uptime: UptimeSummary;
  /** the one that lasts, or none */
  downtimes: Downtime[];
  /** newest 5 */
  notifications: NoticeSummary[];
}

/** What most of the failures say. */
export interface FindingEvidence {
  /** e.g. "connection reset" */
  name: string;
  /** so many */
  part: number;
  /** of so many */
  whole: number;
}

/** A state that a finding came into. */
export interface FindingStep {
  /** `new` for ten minutes */
  state: "new" | "active" | "resolved";
  /** Unix seconds, whole */
  at: number;
  /** what was seen then, in `unit` */
  value: number;
}

/** One finding. Key: `finding/NUMBER`. */
export interface FindingRow {
  row: "finding";
  /** never used twice in one database; negative: a reason of the node's state */
  number: number;
  /** name of the node, from the settings */
  node: string;
  /** id; null = all of the node's */
  satellite: string | null;
  /** short name, or null */
  satellite_name: string | null;
  /** null = neither */
  direction: "up" | "down" | null;
  /** `state`: a reason of the node's state, without figures */
  kind: "anomaly" | "change" | "forecast" | "state";
  /** the state that a reason makes; null for all others */
  node_state: "down" | "at_risk" | "warning" | "learning" | "ok" | "no_data" | null;
  /** what is out of the ordinary; of a reason of the node's state its rule's code */
  metric: string;
  /** how bad it is */
  severity: "good" | "info" | "warning" | "critical";
  /** `new` for ten minutes */
  state: "new" | "active" | "resolved";
  /** null while it stands, then why it ended */
  resolved: string | null;
  /** Unix seconds: when it began, by the data */
  since: number;
  /** Unix seconds: when it was raised */
  found: number;
  /** Unix seconds: when anything of it changed last */
  changed: number;
  /** Unix seconds; null while it stands */
  until: number | null;
  /** short */
  title: string;
  /** the whole sentence; its times are UTC */
  text: string;
  /** what to do */
  advice: string;
  /** the change that it came right after, or null */
  cause: string | null;
  /** of the figures; "" = there are none */
  unit: "per_minute" | "share" | "ms" | "bytes_per_day" | "days" | "hours" | "usd_micros" | "";
  /** what is seen since then, in `unit`; null = no figure */
  value: number | null;
  /** what is normal (forecasts: the limit, or the month before), in `unit`; null = no figure */
  expected: number | null;
  /** `[from, to]`, either null where that end is open: what would still be normal; forecasts: where `value` may lie; null = none */
  band: [number | null, number | null] | null;
  /** robust z-score; null for forecasts */
  z: number | null;
  /** transfers that it rests on; null where it is not made of transfers */
  samples: number | null;
  /** most first, at most 3 */
  evidence: FindingEvidence[];
  /** oldest first */
  history: FindingStep[];
}

/** How much is known of a node. Key: `node/NAME`. */
export interface LearningRow {
  row: "node";
  /** name of the node, from the settings */
  node: string;
  /** hours that its baselines are made of */
  hours: number;
  /** 672: four weeks */
  full_hours: number;
  /** what is compared with now; `none` = still learning */
  basis: "none" | "hour_of_week" | "hour_of_day" | "overall";
  /** e.g. "baselines from 53 hours; full after four weeks" */
  text: string;
  /** Unix seconds: all lines up to here were looked at; null before the first look */
  analysed_until: number | null;
  /** satellites and directions that are followed */
  series: number;
  /** findings that are not resolved */
  open_findings: number;
}

/** What every answer about a window has. */
export interface Answer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
}

/** One node and how its log is read. */
export interface NodeAnswerRow {
  /** name of the node, from the settings */
  name: string;
  /** the node's identity; "" while it is unknown */
  node_id: string;
  /** as its log says, or "" */
  version: string;
  /** Unix seconds of the oldest line, or null */
  first: number | null;
  /** Unix seconds of the newest line, or null */
  last: number | null;
  /** how many */
  lines: number;
  /** how many */
  understood: number;
  /** how many */
  ignored: number;
  /** how many */
  not_understood: number;
  /** state of its log */
  state: "live" | "catching_up" | "waiting" | "error" | "off";
  /** why its log is in this state, or "" */
  detail: string;
  /** the file, or HOST:PORT, that is read or waited for */
  path: string;
  /** state of the node, the worst first */
  node_state: "down" | "at_risk" | "warning" | "learning" | "ok" | "no_data";
  /** Unix seconds, or null */
  node_state_since: number | null;
  /** the worst reason, in one sentence */
  node_state_reason: string;
  /** the worst first */
  reasons: StateReason[];
  /** What kind of log a node has. */
  log: LogCharacter;
}

/** The nodes and how their logs are read. */
export interface NodesAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** One node and how its log is read. */
  rows: NodeAnswerRow[];
}

/** One action and outcome over time. */
export interface TrafficSeries {
  /** what the transfers were for: the node's own spelling, or UNKNOWN */
  action: string;
  /** `up` (the node stores) or `down` (it serves) */
  direction: "up" | "down";
  /** how the transfers ended */
  outcome: "success" | "canceled" | "failed";
  /** by bucket, at most 300; null = unknown */
  count: (number | null)[];
  /** bytes by bucket, at most 300; null = unknown */
  bytes: (number | null)[];
}

/** Transfers and bytes over time. */
export interface TrafficAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** seconds of a bucket */
  bucket_s: number;
  /** start of each bucket, Unix seconds, at most 300 */
  times: number[];
  /** One action and outcome over time. */
  series: TrafficSeries[];
  /** why successes and bytes are unknown (null, not 0); null: they are known */
  unknown: string | null;
  /** nodes whose logs do not show transfers */
  left_out: string[];
}

/** Whole hours that figures of counters are of. */
export interface CountedHours {
  /** Unix seconds */
  from: number;
  /** Unix seconds */
  to: number;
}

/** Results, bytes and durations by action, from the log or from the nodes' own counters. */
export interface ActionsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** Results and durations of one action, from the log or from the nodes' own counters. */
  rows: ActionRow[];
  /** the hours that figures of source `metrics` are of, or null */
  counters_window: CountedHours | null;
  /** why successes and bytes are unknown (null, not 0); null: they are known */
  unknown: string | null;
  /** nodes whose logs do not show transfers */
  left_out: string[];
}

/** The same in an answer about the past, of which some may not be known. */
export interface SatelliteAnswerRow {
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** `[success, canceled, failed]`; success null = only logs that do not show it */
  put: [number | null, number, number];
  /** `[success, canceled, failed]`; success null = only logs that do not show it */
  get: [number | null, number, number];
  /** `[success, canceled, failed]`; success null = only logs that do not show it */
  audit: [number | null, number, number];
  /** `[success, canceled, failed]`; success null = only logs that do not show it */
  repair: [number | null, number, number];
  /** bytes of successful uploads; null = unknown */
  up_bytes: number | null;
  /** bytes of successful downloads; null = unknown */
  down_bytes: number | null;
}

/** Results and bytes by satellite. */
export interface SatellitesAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** The same in an answer about the past, of which some may not be known. */
  rows: SatelliteAnswerRow[];
  /** why successes and bytes are unknown (null, not 0); null: they are known */
  unknown: string | null;
  /** nodes whose logs do not show transfers */
  left_out: string[];
}

/** Durations of one action and outcome, from the logs. */
export interface LatencyRow {
  /** what the transfers were for: the node's own spelling, or UNKNOWN */
  action: string;
  /** `up` (the node stores) or `down` (it serves) */
  direction: "up" | "down";
  /** how they ended */
  outcome: "success" | "canceled" | "failed";
  /** how many */
  count: number;
  /** how many have a duration */
  timed: number;
  /** milliseconds; null = unknown */
  mean_ms: number | null;
  /** milliseconds; null = unknown */
  p50_ms: number | null;
  /** milliseconds; null = unknown */
  p90_ms: number | null;
  /** milliseconds; null = unknown */
  p95_ms: number | null;
  /** milliseconds; null = unknown */
  p99_ms: number | null;
  /** milliseconds; null = unknown */
  max_ms: number | null;
  /** how exact the log's times are, milliseconds; null when nothing was timed */
  resolution_ms: number | null;
}

/** Durations by action and outcome. */
export interface LatencyAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** Durations of one action and outcome, from the logs. */
  rows: LatencyRow[];
}

/** Transfers by size class. */
export interface SizesAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** Transfers of one size class and direction. */
  rows: SizeRow[];
}

/** Errors and warnings, folded: worst first, then most frequent. */
export interface ErrorsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** at most 100 */
  rows: ErrorRow[];
}

/** Pieces asked for most often. */
export interface PiecesAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** at most 100 */
  rows: PieceRow[];
}

/** Transfers by country of the other side. */
export interface CountriesAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** Transfers by country of the other side. */
  rows: CountryRow[];
}

/** Hashstore compactions, newest first. */
export interface CompactionsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** at most 200 */
  rows: CompactionRow[];
}

/** What the lines of the logs were taken for. */
export interface LogsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** one a node */
  totals: LineTotalsRow[];
  /** Lines of one sort that were not used. Key: `node/kind/logger/message`. */
  rows: LineReasonRow[];
}

/** Equal events of an hour. */
export interface EventRow {
  /** of the row, for lists */
  id: number;
  /** name of the node, from the settings */
  node: string;
  /** Unix seconds of the first */
  at: number;
  /** Unix seconds of the newest */
  last: number;
  /** how many */
  count: number;
  /** what sort of event */
  kind: "bloom_filter_received" | "bloom_filter_failed" | "retain_queued" | "retain_started" | "retain_finished" | "retain_failed" | "trash_emptying" | "trash_restoring" | "expired_collection" | "expired_piece_failed" | "found_in_trash" | "filewalker" | "migration_queued" | "migration_idle" | "migration_progress" | "migration_cleaned" | "migration_finished" | "migration_piece_failed" | "hashstore_opened" | "unclean_shutdown" | "log_tail_mismatched" | "log_reconciled" | "trashed_record_read" | "compaction_started" | "compaction_round_started" | "compaction_waited" | "compaction_log_included" | "compaction_planned" | "compaction_records_rewritten" | "compaction_table_rewritten" | "compaction_round_finished" | "compaction_finished" | "compaction_failed" | "orders_settled" | "orders_failed" | "ping_failed" | "ping_warned" | "lost_pieces_reported" | "lost_piece" | "scores_reported" | "satellite_forgotten" | "graceful_exit" | "audit_unfinished" | "upload_rejected" | "configuration_loaded" | "configuration_invalid" | "node_started" | "signal_received" | "service_stopped" | "service_slow" | "node_failed" | "panic" | "plain_error" | "process_ended" | "clock_checked" | "space_warning" | "disk_check_failed" | "version_seen" | "version_minimum" | "version_outdated" | "updater_step";
  /** the kind in words */
  label: string;
  /** what it belongs to */
  group: string;
  /** how bad it is */
  severity: "critical" | "warning" | "info";
  /** of the line */
  level: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** one plain sentence */
  text: string;
}

/** A kind with its label and group. */
export interface EventKind {
  /** what sort of event */
  kind: "bloom_filter_received" | "bloom_filter_failed" | "retain_queued" | "retain_started" | "retain_finished" | "retain_failed" | "trash_emptying" | "trash_restoring" | "expired_collection" | "expired_piece_failed" | "found_in_trash" | "filewalker" | "migration_queued" | "migration_idle" | "migration_progress" | "migration_cleaned" | "migration_finished" | "migration_piece_failed" | "hashstore_opened" | "unclean_shutdown" | "log_tail_mismatched" | "log_reconciled" | "trashed_record_read" | "compaction_started" | "compaction_round_started" | "compaction_waited" | "compaction_log_included" | "compaction_planned" | "compaction_records_rewritten" | "compaction_table_rewritten" | "compaction_round_finished" | "compaction_finished" | "compaction_failed" | "orders_settled" | "orders_failed" | "ping_failed" | "ping_warned" | "lost_pieces_reported" | "lost_piece" | "scores_reported" | "satellite_forgotten" | "graceful_exit" | "audit_unfinished" | "upload_rejected" | "configuration_loaded" | "configuration_invalid" | "node_started" | "signal_received" | "service_stopped" | "service_slow" | "node_failed" | "panic" | "plain_error" | "process_ended" | "clock_checked" | "space_warning" | "disk_check_failed" | "version_seen" | "version_minimum" | "version_outdated" | "updater_step";
  /** the kind in words */
  label: string;
  /** what it belongs to */
  group: string;
}

/** One garbage collection at one satellite. */
export interface GarbageRun {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** how far it is */
  state: "received" | "running" | "done" | "failed" | "nothing_moved";
  /** Unix seconds of its newest event */
  at: number;
  /** Unix seconds: when the satellite made the filter; null = unknown */
  filter_made: number | null;
  /** Unix seconds; null = unknown */
  received: number | null;
  /** Unix seconds; null = unknown */
  started: number | null;
  /** Unix seconds; null = it has not ended */
  finished: number | null;
  /** bytes; null = unknown */
  filter_bytes: number | null;
  /** looked at; null = unknown */
  pieces: number | null;
  /** moved to the trash; null = unknown */
  trashed: number | null;
  /** null = unknown */
  kept: number | null;
  /** pieces that could not be read or moved */
  failed: number;
  /** seconds; null = unknown */
  duration_s: number | null;
  /** a sentence for people */
  text: string;
}

/** What the node's /metrics says now. */
export interface EventFigure {
  /** name of the node, from the settings */
  node: string;
  /** what it belongs to */
  group: string;
  /** how bad it is */
  severity: "critical" | "warning" | "info";
  /** a sentence for people */
  text: string;
  /** Unix seconds: when it was asked */
  at: number;
}

/** What nodes said of themselves beside transfers, one sentence each, newest first; equal ones of an hour are one row. */
export interface EventsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** newest first, at most 500 */
  rows: EventRow[];
  /** `before` of the next page; null: there is none */
  next: string | null;
  /** every kind that there is */
  kinds: EventKind[];
  /** with the first page only, at most 200, newest first */
  garbage: GarbageRun[];
  /** with the first page only: what /metrics says now */
  figures: EventFigure[];
}

/** Audit windows at one satellite, kept after the node has dropped them. */
export interface AuditHistory {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** null: windows as they are; where there are more than 300, sums of so many seconds */
  length_s: number | null;
  /** `[start, total, online]`, oldest first, at most 300 */
  windows: [number, number, number][];
}

/** A disqualification or suspension. */
export interface SanctionSpan {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** what it was */
  kind: "disqualified" | "suspended";
  /** Unix seconds, the satellite's date */
  from: number;
  /** Unix seconds of the first answer without it; null = it lasts */
  until: number | null;
}

/** Audit windows, suspensions and disqualifications, kept after the node has dropped them. */
export interface StandingsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** Audit windows at one satellite, kept after the node has dropped them. */
  audit_windows: AuditHistory[];
  /** what held at any moment of the window, newest first, at most 300 */
  sanctions: SanctionSpan[];
}

/** What is out of the ordinary, since when, why, and what to do; newest change first. */
export interface FindingsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** reasons of states that nodes are in now, then findings of the window, at most 500 */
  rows: FindingRow[];
  /** findings of the window that were left out */
  more: number;
  /** How much is known of a node. Key: `node/NAME`. */
  learning: LearningRow[];
  /** words on the figures, by their name */
  help: Record<string, HelpText>;
}

/** Scores over time at one satellite. */
export interface ScoreHistory {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** oldest first, at most 300, each in the order of `columns` */
  points: ((number | string | null)[])[];
}

/** Standing at each satellite, worst first, and the history of scores: all of it, or the parts asked for. */
export interface ReputationAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** A node at a satellite. Key: `node/satellite`. */
  rows?: ReputationRow[];
  /** words on the figures, by their name */
  help?: Record<string, HelpText>;
  /** what the values of a point are */
  columns?: string[];
  /** Scores over time at one satellite. */
  history?: ScoreHistory[];
}

/** A node's space over time. */
export interface SpaceHistory {
  /** name of the node, from the settings */
  node: string;
  /** oldest first, at most 300, each in the order of `columns` */
  points: ((number | string | null)[])[];
}

/** Space of each node and of all together, its history and forecast: all of it, or the parts asked for. */
export interface StorageAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** A node's space. Key: its name. Figures are bytes. */
  rows?: (StorageNodeRow | StorageFleetRow)[];
  /** words on the figures, by their name */
  help?: Record<string, HelpText>;
  /** what the values of a point are */
  columns?: string[];
  /** A node's space over time. */
  history?: SpaceHistory[];
}

/** What one satellite settled for one month. */
export interface Paystub {
  /** name of the node, from the settings */
  node: string;
  /** a node that was set up anew under its old name has paystubs under both ids */
  node_id: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** month, YYYY-MM */
  period: string;
  /** the satellite's letters, e.g. D for disqualified */
  codes: string;
  /** 100 = no surge */
  surge_percent: number;
  /** bytes stored for a month of 720 hours */
  storage_byte_months: number;
  /** bytes */
  egress_bytes: number;
  /** bytes */
  repair_bytes: number;
  /** bytes */
  audit_bytes: number;
  /** micro-dollars (1e-6 USD) */
  storage_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  egress_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  repair_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  audit_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  earned_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  disposed_usd_micros: number;
  /** micro-dollars approved */
  paid_usd_micros: number;
  /** micro-dollars transferred */
  distributed_usd_micros: number;
  /** as the node has it; "" = none */
  receipt: string;
  /** that it was transferred by; "" = unknown */
  network: string;
  /** "" = unknown */
  transaction_url: string;
}

/** Sums over the paystubs of one month. */
export interface PaidMonth {
  /** micro-dollars that wait, paystub by paystub */
  undistributed_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  earned_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  held_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  disposed_usd_micros: number;
  /** micro-dollars approved */
  paid_usd_micros: number;
  /** micro-dollars transferred */
  distributed_usd_micros: number;
  /** month, YYYY-MM */
  period: string;
}

/** The last estimate of a month beside its paystub. */
export interface EstimateScore {
  /** name of the node, from the settings */
  node: string;
  /** id of the satellite; "" = none */
  satellite: string;
  /** short name of the satellite, for people */
  name: string;
  /** month, YYYY-MM */
  period: string;
  /** micro-dollars (1e-6 USD) */
  estimated_usd_micros: number;
  /** micro-dollars (1e-6 USD) */
  paid_usd_micros: number;
  /** 100 x (estimate - paid) / paid; null when nothing was paid */
  error_percent: number | null;
  /** no category is off by more than a cent */
  agrees: boolean;
  /** a sentence for people */
  reasons: string[];
}

/** What one day has brought one node, after held. */
export interface EarnedDay {
  /** Unix seconds of its start, UTC */
  day: number;
  /** micro-dollars (1e-6 USD) */
  payout_usd_micros: number;
  /** it is over and all of it is reported */
  complete: boolean;
  /** name of the node, from the settings */
  node: string;
}

/** What one node was expected to bring in a month, as it was made on one day. */
export interface MadeForecast {
  /** month, YYYY-MM */
  period: string;
  /** Unix seconds */
  made: number;
  /** micro-dollars (1e-6 USD) */
  expected_usd_micros: number;
  /** name of the node, from the settings */
  node: string;
  /** micro-dollars (1e-6 USD) */
  now_usd_micros: number;
  /** micro-dollars (1e-6 USD), or null */
  theirs_usd_micros: number | null;
}

/** What one day has brought all nodes asked about, after held. */
export interface SummedDay {
  /** Unix seconds of its start, UTC */
  day: number;
  /** micro-dollars (1e-6 USD) */
  payout_usd_micros: number;
  /** it is over and all of it is reported */
  complete: boolean;
}

/** What all nodes were expected to bring in a month, as it was on one day. */
export interface SummedForecast {
  /** month, YYYY-MM */
  period: string;
  /** Unix seconds */
  made: number;
  /** micro-dollars (1e-6 USD) */
  expected_usd_micros: number;
}

/** Of all nodes together, so that a page need not have each. */
export interface EarningsSums {
  /** how many there are */
  paystubs: number;
  /** how many there are */
  scores: number;
  /** percent, the median size of the error; null = there is none */
  score_error_percent: number | null;
  /** What one day has brought all nodes asked about, after held. */
  days: SummedDay[];
  /** the last of each UTC day; a period begins when all nodes of it have one */
  forecasts: SummedForecast[];
}

/** Earnings of this month, paystubs and payouts: all of it, or the parts asked for. */
export interface EarningsAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** One satellite of a node. Key: `node/satellite`. */
  rows?: (EarningsSatelliteRow | EarningsNodeRow | EarningsFleetRow)[];
  /** words on the figures, by their name */
  help?: Record<string, HelpText>;
  /** whatever the window, newest first */
  paystubs?: Paystub[];
  /** whatever the window, newest first */
  months?: PaidMonth[];
  /** months without a paystub between others, by node */
  missing_periods?: Record<string, string[]>;
  /** whatever the window: the last estimate of each month beside its paystub */
  scores?: EstimateScore[];
  /** of this month */
  days?: EarnedDay[];
  /** of the window, one for each day on which they were made */
  forecasts?: MadeForecast[];
  /** Of all nodes together, so that a page need not have each. */
  sums?: EarningsSums;
}

/** The same in an answer about the past. */
export interface NodeDowntime {
  /** Unix seconds */
  from: number;
  /** Unix seconds; null while it lasts */
  until: number | null;
  /** who saw it, see uptime.md */
  witnesses: ("process" | "log_gap" | "ping_failed" | "api_down" | "probe" | "metrics_down" | "life" | "api_started" | "contact")[];
  /** with `process`, `probe`, or two witnesses */
  certain: boolean;
  /** seconds; null while it lasts */
  duration_s: number | null;
  /** name of the node, from the settings */
  node: string;
}

/** Who the nodes are, whether they are reached, and when they were away: all of it, or the parts asked for. */
export interface HealthAnswer {
  /** start of the window after snapping, Unix seconds */
  from: number;
  /** end of the window after snapping, exclusive, Unix seconds */
  to: number;
  /** Unix seconds of the commit that it reflects; null = there is none yet */
  as_of: number | null;
  /** the nodes that it is about */
  nodes: string[];
  /** One node. Key: its name. */
  rows?: HealthRow[];
  /** words on the figures, by their name */
  help?: Record<string, HelpText>;
  /** of the window, newest first */
  downtimes?: NodeDowntime[];
}

/** How busy the monitor is, and what pages get. */
export interface LoadAnswer {
  /** what pages get: everything, a quarter of the updates, or none */
  state: "normal" | "downsampled" | "paused";
  /** the measure that keeps the state from being better */
  reason: "" | "lag" | "commits" | "loop";
  /** bytes of log not read yet */
  lag_bytes: number;
  /** seconds until they are read; null when unknown or nothing waits */
  left_s: number | null;
  /** commits that are not on disk yet: the least of three looks */
  commits_waiting: number;
  /** milliseconds that the event loop is late: the least of three looks */
  loop_lag_ms: number;
  /** Unix seconds, the server's clock */
  now: number;
}

/** Whether the database can be used, and what happened to it. */
export interface StoreAnswer {
  /** sentences, at most 10, oldest first */
  notices: string[];
  /** why it cannot be read or written just now; "" when all is well */
  problem: string;
  /** Unix seconds, the server's clock */
  now: number;
}

/** Why a question is not answered. */
export interface AnswerError {
  /** for programs */
  code: "bad_parameter" | "unknown_node" | "unknown_path" | "bad_method" | "not_logged_in" | "too_many_logins" | "forbidden_origin" | "forbidden_host" | "unavailable";
  /** a sentence for people */
  message: string;
}

/** The one shape of an error. */
export interface ErrorAnswer {
  /** Why a question is not answered. */
  error: AnswerError;
}

/** Whole rows by topic. */
export interface TopicRows {
  nodes: NodeRow;
  actions: ActionRow;
  satellites: SatelliteRow;
  sizes: SizeRow;
  errors: ErrorRow;
  pieces: PieceRow;
  countries: CountryRow;
  compactions: CompactionRow;
  lines: LineTotalsRow | LineReasonRow;
  reputation: ReputationRow;
  storage: StorageNodeRow | StorageFleetRow;
  earnings: EarningsSatelliteRow | EarningsNodeRow | EarningsFleetRow;
  health: HealthRow;
  analytics: FindingRow | LearningRow;
}

/** Rows by topic with what every view has of them: a whole row is a summary, too. */
export interface ShownRows {
  nodes: NodeRow;
  actions: ActionRow;
  satellites: SatelliteRow;
  sizes: SizeRow;
  errors: ErrorRow;
  pieces: PieceRow;
  countries: CountryRow;
  compactions: CompactionRow;
  lines: LineTotalsRow | LineReasonRow;
  reputation: ReputationSummary;
  storage: StorageNodeSummary | StorageFleetRow;
  earnings: EarningsNodeSummary | EarningsFleetRow | EarningsSatelliteRow;
  health: HealthSummary;
  analytics: FindingRow | LearningRow;
}

export type Topic = "live" | keyof ShownRows;
export type SnapTopics = { live?: LiveSnap } & { [T in keyof ShownRows]?: TableSnap<ShownRows[T]> };
export type DeltaTopics = { live?: LiveDelta } & { [T in keyof ShownRows]?: TableDelta<ShownRows[T]> };

export type ServerMessage = Hello | Snap | Delta | LoadMessage | Reply;
