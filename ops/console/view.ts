// What the server sends and the page shows: types and names, because both sides import them. Nothing here is
// personal data; instants are ISO 8601 UTC.

/** A row of a list: `key` is unique in its list, and the list shows the latest `at` first. */
export type Row = { key: string; at: string };

/** An order in the ledger. */
export type OrderRow = Row & {
  orderId: string;
  brand: string;
  /** See `Progress` in shared/orders/rules/order-ledger.ts. */
  state: 'claimed' | 'waiting' | 'in-doubt' | 'settled' | 'failing' | 'refused';
  kind: 'created' | 'updated' | 'cancelled';
  worth?: string;
  /** Why Button does not hold it yet. */
  reason?: string;
};

/** A transaction. Its `key` is the table's. */
export type TransactionRow = Row & {
  brand: string;
  state: 'pending' | 'validated' | 'declined' | 'conflict';
  worth: string;
  /** How many versions it has had. */
  changes: number;
};

/** An entry in quarantine that waits for somebody. */
export type EntryRow = Row & {
  kind: 'order' | 'webhook' | 'row';
  entry: string;
  brand?: string;
  orderId?: string;
  code: string;
  problem: string;
  /** How many more reasons it was refused for. */
  more: number;
};

/** An event on the publisher's bus. */
export type EventRow = Row & { type: string; about: string; worth?: string };

/** An alarm that is on, or lacks data. */
export type AlarmRow = Row & {
  name: string;
  state: 'ALARM' | 'INSUFFICIENT_DATA';
  /** Who is hurt, then what to do. */
  lines: readonly string[];
};

/** A list, and what is missing from it. */
export type Section<Shown extends Row> = { rows: readonly Shown[]; note?: string };

/** Every list; those of a flow that the stage does not have are missing. */
export type View = {
  orders?: Section<OrderRow>;
  transactions?: Section<TransactionRow>;
  quarantine?: Section<EntryRow>;
  events?: Section<EventRow>;
  alarms?: Section<AlarmRow>;
};

/** A button of the page that changes something. */
export const ACTION_NAMES = [
  'replay',
  'reconcile',
  'send-order',
  'send-webhook',
  'break-button',
  'repair-button',
] as const;

/** One of them. */
export type ActionName = (typeof ACTION_NAMES)[number];

/** How Button can be made to misbehave on this machine. */
export const FAULT_NAMES = ['down', 'slow', 'lost-answers', 'lose-webhook', 'repeat-webhook'] as const;

/** One of them. */
export type FaultName = (typeof FAULT_NAMES)[number];

/** What the page says about its stage. */
export type StageFacts = {
  name: string;
  account: string;
  region: string;
  /** The actions that are allowed. */
  actions: readonly ActionName[];
  boards: readonly { title: string; url: string }[];
};

/** How an action ended; `show` is an id whose timeline says more. */
export type ActionResult = { ok: boolean; message: string; show?: string };

/** Something that happened, in words. */
export type TimelineMoment = { at: string; what: string };

/** The answer to a look-up: `Finding` in ops/timeline/finding.ts. */
export type TimelineAnswer = {
  findings: readonly {
    title: string;
    answer: string;
    differences: readonly string[];
    timeline: readonly TimelineMoment[];
    next: readonly string[];
  }[];
  /** How far each account has been read, if nothing was found. */
  readThrough: Readonly<Record<string, string>>;
};
