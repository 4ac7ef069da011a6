/** What nodes say about themselves: rows of the topics `reputation`, `storage`, `earnings` and `health`, as docs/protocol.md states them. */

export const NODE_TOPICS = ["reputation", "storage", "earnings", "health"] as const;
export type NodeTopic = (typeof NODE_TOPICS)[number];

/** A value with where it comes from and when that was; a null figure is told by nobody. */
export interface Figure<T> {
  value: T;
  source: string;
  at: number;
}
export type Known<T> = Figure<T> | null;

export interface HelpText {
  what: string;
  normal: string;
  do: string;
}
export type HelpTexts = Readonly<Record<string, HelpText>>;

export interface AuditRate {
  from: number;
  to: number;
  change: number;
  audits: number | null;
  failed: number | null;
}

export interface AuditGuard {
  distance: number;
  failures_allowed: number;
  trend: string;
  settles_at: number | null;
  hours_to_verdict: number | null;
  rate: AuditRate | null;
}

export interface FailingPiece {
  piece_id: string;
  cause: string;
  cause_text: string;
  reason: string;
  audits: number;
  repairs: number;
  in_trash: number;
  first: number;
  last: number;
}

/** `[start, total, online]` of twelve hours. */
export type AuditWindow = [number, number, number];

export interface ReputationRow {
  node: string;
  satellite: string;
  name: string;
  address: string;
  rank: number;
  standing: string;
  reason: string;
  audit_score: Known<number>;
  suspension_score: Known<number>;
  online_score: Known<number>;
  total_audits: Known<number>;
  successful_audits: Known<number>;
  disqualified_at: Known<number | null>;
  suspended_at: Known<number | null>;
  vetted_at: Known<number | null>;
  joined_at: Known<number | null>;
  guard: AuditGuard | null;
  suspension_allowed: number | null;
  missed_audits: number | null;
  vetting: { done: boolean | null; audits: number | null; at_least: boolean; audits_left: number | null; hours: number | null; hours_left: number | null };
  windows: AuditWindow[];
  offline_windows: { start: number; length_s: number; total: number; missed: number; offline_s: number }[];
  budget: { hours: number | null; state?: string; score: number | null; windows: number; full: boolean; estimated: boolean; limited_by: string; away_since?: number | null };
  failures: { audits: number; repairs: number; in_trash: number; more: number; pieces: FailingPiece[] };
}

export interface BarPart {
  part: string;
  bytes: number;
}

export interface Level {
  level: number;
  bytes: number;
  days: number | null;
  earliest: number | null;
  latest: number | null;
  reached: boolean;
}

export interface ForecastSummary {
  window_days: number;
  growth: { state: string; bytes_per_day: number | null; low: number | null; high: number | null };
  levels: Level[];
}

export interface Forecast extends ForecastSummary {
  growth: ForecastSummary["growth"] & { points: number; why: string };
  counted?: string[];
  left_out?: string[];
  shrinking?: string[];
}

export const SPACE_FIGURES = [
  "allocated",
  "used",
  "pieces",
  "trash",
  "reclaimable",
  "overhead",
  "reserved",
  "free",
  "overused",
  "file_system_total",
  "file_system_free",
  "reported",
  "reported_month",
  "unpaid",
] as const;
export type SpaceFigure = (typeof SPACE_FIGURES)[number];

export type StorageNodeRow = Partial<Record<SpaceFigure, Known<number>>> & {
  kind: "node";
  node: string;
  meaning: string | null;
  at: number | null;
  file_system?: { path: string; problem: string | null } | null;
  capacity_bytes: number | null;
  bar: BarPart[];
  differences: { gap: string; difference_bytes: number; text: string }[];
  /** What the node says and cannot be: no part of any figure here. */
  impossible?: { figure: string; value: number; source: string; text: string }[];
  forecasts: Forecast[];
};

export interface FleetSum {
  value: number;
  nodes: number;
  oldest_at: number;
  left_out: string[];
}

export type StorageFleetRow = Partial<Record<SpaceFigure, FleetSum | null>> & {
  kind: "fleet";
  capacity_bytes: number | null;
  bar: BarPart[];
  forecasts: Forecast[];
};

export type StorageRow = StorageNodeRow | StorageFleetRow;

export interface Month {
  period: string;
  through: number;
  egress_bytes: number;
  repair_bytes: number;
  audit_bytes: number;
  storage_byte_months: number;
  egress_usd_micros: number;
  repair_usd_micros: number;
  audit_usd_micros: number;
  storage_usd_micros: number;
  gross_usd_micros: number;
  held_percent: number | null;
  held_usd_micros: number;
  disposed_usd_micros: number;
  payout_usd_micros: number;
}

export interface Profit {
  revenue_usd_micros: number;
  power_usd_micros: number;
  fixed_usd_micros: number;
  profit_usd_micros: number;
}

export interface Currency {
  code: string;
  per_usd: number;
}

/** One shape for satellites, nodes and the fleet: what a kind does not have is left out. */
export interface EarningsRow {
  kind: "satellite" | "node" | "fleet";
  node: string;
  satellite: string;
  name: string;
  source: string;
  at: number | null;
  now: Month | null;
  month_end: Month | null;
  expected_usd_micros: number | null;
  previous: Month | null;
  theirs: {
    now_usd_micros: number | null;
    held_usd_micros: number | null;
    expected_usd_micros: number | null;
    previous_usd_micros: number | null;
    at: number;
    source: string;
  } | null;
  comparison: {
    agrees: boolean;
    reasons: string[];
    differences: { category: string; ours_usd_micros: number; theirs_usd_micros: number; difference_usd_micros: number }[];
  } | null;
  prices?: {
    egress_usd_micros_per_tb: number;
    repair_usd_micros_per_tb: number;
    audit_usd_micros_per_tb: number;
    storage_usd_micros_per_tb_month: number;
    source: string;
    overridden: string[];
  } | null;
  formula?: string;
  joined_at?: number | null;
  disqualified_at?: number | null;
  notes?: string[];
  held?: {
    held_usd_micros: number;
    disposed_usd_micros: number;
    net_usd_micros: number;
    age_months?: number | null;
    percent?: number | null;
    next_percent?: number | null;
    next_period?: string | null;
    return_period?: string | null;
    return_usd_micros?: number | null;
    exit_usd_micros?: number | null;
    lost_usd_micros?: number | null;
  } | null;
  forecast_reasons?: string[];
  balance?: {
    earned_usd_micros: number;
    held_usd_micros: number;
    disposed_usd_micros: number;
    paid_usd_micros: number;
    distributed_usd_micros: number;
    undistributed_usd_micros: number;
  } | null;
  revenue?: { storage_usd_micros_per_tb_month: number | null; egress_usd_micros_per_tb: number | null; all_usd_micros_per_tb_month: number | null } | null;
  unpaid?: { trash_bytes: number; reclaimable_bytes: number; uncollected_bytes: number; total_bytes: number; total_usd_micros_per_month: number } | null;
  /** Where the payout of the whole month lies in nine of ten cases. */
  band?: { low_usd_micros: number; high_usd_micros: number } | null;
  currency?: Currency | null;
  without_costs?: string[];
  profit_now?: Profit | null;
  profit_month_end?: Profit | null;
  nodes?: number;
  left_out?: string[];
  /** Satellites whose month is in no sum here, and why. */
  left_out_satellites?: { node: string; satellite: string; name: string; why: string }[];
  /** Nodes whose paystubs (or newest ones) are in no sum here, and why. */
  left_out_paystubs?: { node: string; why: string }[];
  /** Why the node's route about this satellite gives nothing now. */
  unknown?: string | null;
}

export interface Door {
  door: string;
  status: string;
  since: number | null;
  detail: string;
  url: string | null;
  found: boolean;
  /** Routes that give nothing now; all others answer. */
  routes?: { path: string; status: string; since: number; answered_at: number | null; detail: string }[];
}

export interface Downtime {
  from: number;
  until: number | null;
  witnesses: string[];
  certain: boolean;
  /** Null while it lasts. */
  duration_s: number | null;
}

/** Whether the node runs, by all that tells of it. */
export interface Uptime {
  state: "up" | "starting" | "down" | "unknown";
  since: number | null;
  certain: boolean;
  reason: string;
  witnesses: string[];
  /** Of a node that is down or starting, the most telling first. `cause`: it says why. */
  last_words: { at: number; text: string; cause: boolean }[];
  failed_starts: number;
}

export interface HealthRow {
  node: string;
  node_id: string;
  wallet: string;
  wallet_features: string[] | null;
  version: Known<string>;
  minimum_version: Known<string>;
  up_to_date: Known<boolean>;
  quic: Known<string>;
  quic_at: Known<number>;
  /** A null value: never. */
  last_contact: Known<number | null>;
  started_at: Known<number>;
  uptime_s: Known<number>;
  all_healthy: Known<boolean>;
  clock_ahead_s: Known<number>;
  bandwidth_bytes: Known<number>;
  doors: Door[];
  remarks: string[];
  uptime?: Uptime;
  downtimes: Downtime[];
  down_hours_30d: number;
  notifications: { kind: string; title: string; message: string; at: number }[];
  transfers: {
    source: string;
    since: number;
    rows: { action: string; direction: string; outcome: string; count: number; bytes: number | null; mean_ms: number | null }[];
  } | null;
}

/** What a view of several nodes has of each row: no more than a first look shows. A whole row is one, too. */
export type ReputationSummary = Pick<
  ReputationRow,
  "node" | "satellite" | "name" | "rank" | "standing" | "reason" | "vetting" | "audit_score" | "suspension_score" | "online_score" | "disqualified_at" | "suspended_at"
> & {
  guard: Pick<AuditGuard, "failures_allowed" | "trend" | "hours_to_verdict"> | null;
  budget: Pick<ReputationRow["budget"], "hours" | "state" | "windows" | "estimated" | "limited_by" | "away_since">;
  failures: Pick<ReputationRow["failures"], "audits">;
};

export type StorageNodeSummary = Pick<StorageNodeRow, "kind" | "node" | "at" | "used" | "allocated" | "free" | "overused" | "capacity_bytes" | "bar" | "file_system"> & {
  differences: readonly { gap: string }[];
  impossible?: readonly { figure: string }[];
  /** The one that is shown before anybody chose, with its last level. */
  forecasts: ForecastSummary[];
};
export type StorageSummary = StorageNodeSummary | StorageFleetRow;

/** Of a node; the fleet's row is whole. */
export type EarningsSummary = Pick<EarningsRow, "kind" | "node" | "satellite" | "name" | "at" | "expected_usd_micros"> & {
  now: Pick<Month, "period" | "payout_usd_micros"> | null;
  theirs: Pick<NonNullable<EarningsRow["theirs"]>, "now_usd_micros"> | null;
  comparison: Pick<NonNullable<EarningsRow["comparison"]>, "agrees" | "reasons"> | null;
  held?: Pick<NonNullable<EarningsRow["held"]>, "net_usd_micros"> | null;
  balance?: Pick<NonNullable<EarningsRow["balance"]>, "undistributed_usd_micros"> | null;
};

export type HealthSummary = Pick<
  HealthRow,
  | "node"
  | "wallet"
  | "wallet_features"
  | "version"
  | "minimum_version"
  | "up_to_date"
  | "quic"
  | "quic_at"
  | "last_contact"
  | "started_at"
  | "uptime_s"
  | "all_healthy"
  | "remarks"
  | "down_hours_30d"
> & {
  doors: Pick<Door, "door" | "status" | "since" | "detail">[];
  uptime?: Pick<Uptime, "state" | "since" | "certain" | "failed_starts" | "last_words">;
  /** The one that lasts. */
  downtimes: Downtime[];
  notifications: readonly { kind: string }[];
};

/** Rows of the topics, which are summaries where `summary` says so. */
export interface NodeRows {
  reputation: ReputationSummary;
  storage: StorageSummary;
  earnings: EarningsSummary;
  health: HealthSummary;
}

/** Rows of views of one node, and of `/api/v1`. */
export interface WholeNodeRows {
  reputation: ReputationRow;
  storage: StorageRow;
  earnings: EarningsRow;
  health: HealthRow;
}

/** Answers of `/api/v1/…`: points are lists in the order of `columns`. */
export interface HistoryAnswer {
  from: number;
  to: number;
  as_of: number;
  columns: string[];
  history: { node: string; satellite?: string; points: (number | string | null)[][] }[];
}

export interface PaidMonth {
  period: string;
  earned_usd_micros: number;
  held_usd_micros: number;
  disposed_usd_micros: number;
  paid_usd_micros: number;
  distributed_usd_micros: number;
  undistributed_usd_micros: number;
}

export interface PaidStub {
  node: string;
  /** A node that was set up anew under its old name has paystubs under both ids. */
  node_id: string;
  satellite: string;
  name: string;
  period: string;
  codes: string;
  earned_usd_micros: number;
  held_usd_micros: number;
  disposed_usd_micros: number;
  paid_usd_micros: number;
  distributed_usd_micros: number;
  network: string;
  transaction_url: string;
}

/** What one day has brought all nodes asked about; `complete` when it is over and all of it was told. */
export interface EarnedDay {
  day: number;
  payout_usd_micros: number;
  complete: boolean;
}

/** What all of them were expected to bring in a month, as it was made on one day. */
export interface MadeForecast {
  period: string;
  made: number;
  expected_usd_micros: number;
}

export interface EstimateScore {
  node: string;
  satellite: string;
  name: string;
  period: string;
  estimated_usd_micros: number;
  paid_usd_micros: number;
  error_percent: number | null;
  agrees: boolean;
  reasons: string[];
}

/** What is asked for at first of `/api/v1/earnings`; single paystubs and scores come when a reader opens them. */
export interface EarningsAnswer {
  as_of: number;
  months: PaidMonth[];
  missing_periods: Record<string, string[]>;
  sums: {
    /** How many there are. */
    paystubs: number;
    scores: number;
    /** The median size of the error, in percent. */
    score_error_percent: number | null;
    days: EarnedDay[];
    forecasts: MadeForecast[];
  };
}
