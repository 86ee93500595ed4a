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

/** One difference, with both values in words. They name no customer. */
export type OrderDifference = { reason: DriftReason; reported: string; atButton: string };

/** An order that differs at Button from what was reported. */
export type OrderDrift = {
  orderId: string;
  /** In the order of `DriftReason`; at least one. */
  reasons: readonly DriftReason[];
  /** One for each of the reasons. */
  differences: readonly OrderDifference[];
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
    const { status = 'shown', total = 0, currency = 'XXX' } = held;
    const difference = { reason: 'not_cancelled', reported: 'cancelled', atButton: status } as const;
    return driftOf([{ ...difference, amountMinor: Math.abs(total) }], { orderId, currency });
  }
  const whole = Math.abs(reported?.value?.amountMinor ?? order.total);
  const { currency, total } = order;
  if (!held || held.status === 'deleted') {
    const [reason, atButton] = held ? (['deleted', 'deleted'] as const) : (['missing', 'no order'] as const);
    const difference = { reason, reported: `${kind}, ${total} ${currency}`, atButton, amountMinor: whole };
    return driftOf([difference], { orderId, currency });
  }
  return driftOf(compare({ ...order, btn_ref: btnRef }, held, whole), { orderId, currency });
}

type FoundDifference = OrderDifference & { amountMinor: number };

function driftOf(
  found: readonly FoundDifference[],
  of: { orderId: string; currency: string },
): OrderDrift | undefined {
  if (found.length === 0) return undefined;
  return {
    ...of,
    reasons: found.map(({ reason }) => reason),
    differences: found.map(({ amountMinor: _, ...difference }) => difference),
    amountMinor: Math.max(...found.map(({ amountMinor }) => amountMinor)),
  };
}

function compare(order: ReportedOrder, held: HeldOrder, whole: number): FoundDifference[] {
  const { total = order.total, currency = order.currency, line_items: lines } = held;
  const found: FoundDifference[] = [];
  if (total !== order.total) {
    const amountMinor = Math.abs(total - order.total);
    found.push({ reason: 'total', reported: String(order.total), atButton: String(total), amountMinor });
  }
  if (currency !== order.currency)
    found.push({ reason: 'currency', reported: order.currency, atButton: currency, amountMinor: whole });
  const ofLines =
    order.line_items && lines ? differenceOfLines(order.line_items, lines) : differenceOfSum(held);
  if (ofLines) found.push({ reason: 'line_items', ...ofLines });
  if (isTokenLost(order, held)) {
    const atButton = held.btn_ref ? 'another token' : 'no token';
    found.push({ reason: 'token', reported: 'a token', atButton, amountMinor: whole });
  }
  return found;
}

/** Button shows the field, even if empty, and not with the reported token. */
function isTokenLost({ btn_ref: token }: ReportedOrder, held: HeldOrder): boolean {
  return token !== undefined && 'btn_ref' in held && held.btn_ref !== token;
}

type Difference = Omit<FoundDifference, 'reason'>;

/** How Button's lines differ from its total; undefined if they agree, or it shows too little. */
function differenceOfSum({ total, line_items: lines = [] }: HeldOrder): Difference | undefined {
  const sum = lines.reduce((all, line) => all + (line.total ?? NaN), 0);
  const amountMinor = lines.length === 0 || total === undefined ? 0 : Math.abs(total - sum);
  if (!(amountMinor > 0)) return undefined;
  return { reported: 'no lines', atButton: `lines of ${sum} in all`, amountMinor };
}

/**
 * The sum of the differences between the totals of the lines, line by line, whatever their order, and the
 * lines that have no equal; undefined if every line has one.
 */
function differenceOfLines(reported: readonly Line[], held: readonly Line[]): Difference | undefined {
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
  const amountMinor = [...sums.values()].reduce((sum, difference) => sum + Math.abs(difference), 0);
  return { reported: linesInWords(unmatched), atButton: linesInWords(left), amountMinor };
}

const MOST_LINES = 5;

function linesInWords(lines: readonly Line[]): string {
  if (lines.length === 0) return 'no such line';
  const shown = lines
    .slice(0, MOST_LINES)
    .map(({ identifier, total = 0, quantity = 1 }) => `${quantity} of ${identifier} for ${total}`);
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
