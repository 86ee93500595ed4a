import { textOnWire } from '../../tooling/button-simulator/wire-json.ts';
import {
  apiRow,
  type TransactionRow,
  type TransactionVersion,
} from '../../tooling/button-simulator/transaction-rows.ts';

// Computes what a publisher owes from Button's list and the settings alone. It uses none of the product's
// code.

/** The settings that rewards depend on. `liveFrom`: ISO 8601 UTC. */
export type RewardSettings = { liveFrom: string; rewardableCategories: readonly string[] };

/** The fields of a row in Button's list that a reward depends on. Amounts are in minor units. */
export type ListedRow = {
  version: TransactionVersion;
  id: string;
  status: string;
  category: string;
  amount: number;
  currency: string | null;
  shopper: string | null;
  createdMs: number;
  /** In whole seconds, like the dates of rows. */
  modifiedMs: number;
};

/** One purchase: its rows in Button's list, those that count, and what is owed for it. */
export type Purchase = {
  /** The keys under which it may be stored, starting with those of its order. */
  keys: readonly string[];
  rows: readonly ListedRow[];
  /** More than one if rows contradict each other. */
  counts: readonly [ListedRow, ...ListedRow[]];
  /** The shopper to credit, from any of its rows; null if none names one. */
  shopper: string | null;
  /** The amount credited to the shopper. It can be paid out once it is final. */
  credit: number;
  isFinal: boolean;
};

/** The states that Button documents. A row in any other state is not understood and is worth nothing. */
const STATES: readonly unknown[] = ['pending', 'validated', 'declined'];

/** Every purchase at Button, from its current list. `histories`: the versions of each row, oldest first. */
export function purchasesOf(
  histories: readonly (readonly TransactionVersion[])[],
  settings: RewardSettings,
): Purchase[] {
  const understood = histories.filter((versions) => versions.some((one) => STATES.includes(one.status)));
  return groupsOf(understood).map((group) => purchaseOf(group, settings));
}

type Group = { histories: (readonly TransactionVersion[])[]; ids: Set<string>; orders: Set<string> };

/** Rows of one order are one purchase. So are rows with one id, unless that id came with two orders. */
function groupsOf(histories: readonly (readonly TransactionVersion[])[]): Group[] {
  const groups: Group[] = [];
  for (const history of histories) {
    const joined: Group = {
      histories: [history],
      ids: new Set(history.map(({ id }) => id)),
      orders: new Set(history.flatMap(({ buttonOrderId }) => buttonOrderId ?? [])),
    };
    for (const other of groups.filter((group) => areOnePurchase(group, joined))) {
      groups.splice(groups.indexOf(other), 1);
      joined.histories.unshift(...other.histories);
      joined.ids = new Set([...other.ids, ...joined.ids]);
      joined.orders = new Set([...other.orders, ...joined.orders]);
    }
    groups.push(joined);
  }
  return groups;
}

function areOnePurchase(one: Group, other: Group): boolean {
  if (haveOneInCommon(one.orders, other.orders)) return true;
  const haveTwoOrders = one.orders.size > 0 && other.orders.size > 0;
  return !haveTwoOrders && haveOneInCommon(one.ids, other.ids);
}

function haveOneInCommon(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((item) => other.has(item));
}

function purchaseOf({ histories, ids, orders }: Group, settings: RewardSettings): Purchase {
  const rows = histories.flatMap((versions) => {
    const last = versions.at(-1);
    return last ? [readRow(last)] : [];
  });
  const counts = countingRows(rows);
  const [first, ...others] = counts;
  const isFinal = others.length === 0 && first.status !== 'pending';
  return {
    keys: [...[...orders].map((order) => `order#${order}`), ...[...ids].map((id) => `tx#${id}`)],
    rows,
    counts,
    shopper: rows.find(({ shopper }) => shopper !== null)?.shopper ?? null,
    isFinal,
    credit: others.length === 0 && isOwed(first, { rows, settings }) ? first.amount : 0,
  };
}

/** A final row counts; equal final rows count once. Among pending rows, the latest counts. */
function countingRows(rows: readonly ListedRow[]): readonly [ListedRow, ...ListedRow[]] {
  const finals = rows.filter(({ status }) => status !== 'pending');
  const latestMs = Math.max(...rows.map(({ modifiedMs }) => modifiedMs));
  const candidates = finals.length > 0 ? finals : rows.filter(({ modifiedMs }) => modifiedMs === latestMs);
  const worths = new Set(candidates.map(({ status, amount, currency }) => `${status} ${amount} ${currency}`));
  const [first, ...others] = candidates;
  if (!first) throw new Error('A purchase without a row');
  return worths.size === 1 ? [first] : [first, ...others];
}

/** The system that was in use when the first row of a purchase was created owes what it comes to. */
function isOwed(
  { status, category }: ListedRow,
  {
    rows,
    settings: { liveFrom, rewardableCategories },
  }: { rows: readonly ListedRow[]; settings: RewardSettings },
): boolean {
  const isLive = rows.every(({ createdMs }) => createdMs >= Date.parse(liveFrom));
  return status !== 'declined' && isLive && rewardableCategories.includes(category);
}

/** The rows that were read already: a version never changes, and the whole list is read again and again. */
const ROWS = new WeakMap<TransactionVersion, ListedRow>();

/** A row as Button lists it, with fields left out, emptied and spelled differently at any time. */
export function readRow(version: TransactionVersion): ListedRow {
  const known = ROWS.get(version) ?? readListedRow(version);
  ROWS.set(version, known);
  return known;
}

function readListedRow(version: TransactionVersion): ListedRow {
  const row = apiRow(version);
  const amount = row['amount'];
  return {
    version,
    id: version.id,
    status: version.status,
    category: version.category,
    amount: typeof amount === 'number' ? amount : 0,
    currency: textOf(row, 'currency')?.toUpperCase() ?? null,
    shopper: textOf(row, 'publisher_customer_id'),
    createdMs: version.createdMs,
    modifiedMs: Math.floor(version.modifiedMs / 1000) * 1000,
  };
}

function textOf(row: TransactionRow, field: string): string | null {
  return textOnWire(row[field]);
}
