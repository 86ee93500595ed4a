import type { LedgerEntry } from './order-ledger.ts';
import type { Order } from '@button-serverless/validation/orders';

/** How an order at Button differs from what was reported. */
export type DriftReason =
  /** Button does not know it. */
  | 'missing'
  /** Button holds it as deleted, but nobody cancelled it here. */
  | 'deleted'
  /** It was cancelled, but Button still holds it. */
  | 'not_cancelled'
  | 'total'
  | 'currency'
  /** They differ from the reported ones, or none are known here and Button's own do not sum to its total. */
  | 'line_items'
  /** The attribution token. */
  | 'token';

/** An order that differs at Button from what was reported. */
export type OrderDrift = {
  orderId: string;
  /** In the order of `DriftReason`; at least one. */
  reasons: readonly DriftReason[];
  /**
   * The amount at stake, in minor units of `currency` and never negative: the difference of the total or the
   * lines. It is the whole order if Button does not have it, holds it as deleted or although it was
   * cancelled, has it in another currency, or does not know who referred it.
   */
  amountMinor: number;
  currency: string;
};

/** An order as Button shows it; fields that it does not show are not compared. */
export type HeldOrder = {
  status?: string | undefined;
  total?: number | undefined;
  currency?: string | undefined;
  btn_ref?: string | null | undefined;
  line_items?: readonly Line[] | undefined;
};

/** The newest version with the order's token. */
type ReportedOrder = Omit<Order, 'btn_ref'> & { btn_ref: string | undefined };

type Line = { identifier: string; total?: number | undefined; quantity?: number | undefined };

/** Button may not show yet what was reported more recently. */
const SHOWN_AFTER_MS = 7_200_000;

/**
 * Whether Button must hold exactly what the ledger says was reported: every known version was reported,
 * within the range (`from` inclusive, `to` exclusive), and long enough ago to be shown. Pure.
 */
export function isAuditable(
  { newest, reported, progress }: LedgerEntry,
  { from, to, now }: { from: Date; to: Date; now: Date },
): boolean {
  if (progress.state !== 'settled' || reported?.hash !== newest.hash) return false;
  const atMs = Date.parse(reported.at);
  return atMs >= from.getTime() && atMs < to.getTime() && atMs <= now.getTime() - SHOWN_AFTER_MS;
}

/**
 * How Button's order differs from the reported one; undefined if it does not. `held` is undefined if Button
 * has no such order. Pure.
 */
export function findDrift(
  { orderId, btnRef, newest: { kind, order }, reported }: LedgerEntry,
  held: HeldOrder | undefined,
): OrderDrift | undefined {
  if (kind === 'cancelled' || !order) {
    if (!held || held.status === 'deleted') return undefined;
    const amountMinor = Math.abs(held.total ?? 0);
    return { orderId, reasons: ['not_cancelled'], amountMinor, currency: held.currency ?? 'XXX' };
  }
  const whole = Math.abs(reported?.value?.amountMinor ?? order.total);
  const { currency } = order;
  if (!held) return { orderId, reasons: ['missing'], amountMinor: whole, currency };
  if (held.status === 'deleted') return { orderId, reasons: ['deleted'], amountMinor: whole, currency };
  const differences = compare({ ...order, btn_ref: btnRef }, held, whole);
  if (differences.length === 0) return undefined;
  return {
    orderId,
    reasons: differences.map(({ reason }) => reason),
    amountMinor: Math.max(...differences.map(({ amountMinor }) => amountMinor)),
    currency,
  };
}

function compare(
  order: ReportedOrder,
  held: HeldOrder,
  whole: number,
): { reason: DriftReason; amountMinor: number }[] {
  const { total = order.total, currency = order.currency, line_items: lines } = held;
  const linesOff =
    order.line_items && lines ? differenceOfLines(order.line_items, lines) : differenceOfSum(held);
  const found = [
    { reason: 'total', differs: total !== order.total, amountMinor: Math.abs(total - order.total) },
    { reason: 'currency', differs: currency !== order.currency, amountMinor: whole },
    { reason: 'line_items', differs: linesOff !== undefined, amountMinor: linesOff ?? 0 },
    { reason: 'token', differs: isTokenLost(order, held), amountMinor: whole },
  ] as const;
  return found.filter(({ differs }) => differs);
}

/** Button shows the field, even if empty, and not with the reported token. */
function isTokenLost({ btn_ref: token }: ReportedOrder, held: HeldOrder): boolean {
  return token !== undefined && 'btn_ref' in held && held.btn_ref !== token;
}

/** By how much Button's lines differ from its total; undefined if they agree, or it shows too little. */
function differenceOfSum({ total, line_items: lines = [] }: HeldOrder): number | undefined {
  const sum = lines.reduce((all, line) => all + (line.total ?? NaN), 0);
  const difference = lines.length === 0 || total === undefined ? 0 : Math.abs(total - sum);
  return difference > 0 ? difference : undefined;
}

/**
 * The sum of the differences between the totals of the lines, line by line, whatever their order; undefined
 * if every line has its equal.
 */
function differenceOfLines(reported: readonly Line[], held: readonly Line[]): number | undefined {
  const nameOf = ({ identifier, total, quantity = 1 }: Line): string =>
    JSON.stringify([identifier, total, quantity]);
  const left = [...held];
  const unmatched = reported.filter((line) => {
    const place = left.findIndex((other) => nameOf(other) === nameOf(line));
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  if (unmatched.length === 0 && left.length === 0) return undefined;
  const sums = new Map<string, number>();
  for (const [sign, lines] of [
    [1, unmatched],
    [-1, left],
  ] as const)
    for (const { identifier, total = 0 } of lines)
      sums.set(identifier, (sums.get(identifier) ?? 0) + sign * total);
  return [...sums.values()].reduce((sum, difference) => sum + Math.abs(difference), 0);
}
