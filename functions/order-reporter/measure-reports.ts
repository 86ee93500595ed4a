import type { Measured } from '../../shared/runtime/metric-definitions.ts';
import { ledgerChange } from '../../shared/orders/rules/order-amounts.ts';
import type { LedgerEvent } from '../../shared/orders/rules/order-evolution.ts';
import type {
  CallResult,
  LedgerEntry,
  OrderState,
  OrderValue,
} from '../../shared/orders/rules/order-ledger.ts';
import { log } from '../../shared/runtime/logger.ts';
import type { OrderOutcome, ReportOrderPorts } from './ports.ts';

/** The metric that counts a message. */
export const METRIC_OF_OUTCOME = {
  reported: 'OrdersReported',
  unchanged: 'OrdersUnchanged',
  duplicate: 'OrdersDuplicate',
  superseded: 'OrdersSuperseded',
  'ignored-after-cancel': 'OrdersIgnoredAfterCancel',
  waiting: 'OrdersWaiting',
  quarantined: 'OrdersQuarantined',
} as const satisfies Record<OrderOutcome, string>;

/** Measures a try. The sweep measures how long orders wait, for all that are due. */
export function measureTry(claimed: LedgerEntry, result: CallResult, ports: ReportOrderPorts): void {
  const { brand, metrics, now } = ports;
  const { newest, orderId, btnRef } = claimed;
  if (result.result !== 'done') {
    const { reason } = result;
    const isOwn = result.result !== 'refused' && result.blamesOrder;
    log.warn('order_not_reported', { orderId, result: result.result, reason });
    if (reason === 'unauthorized' && !isOwn) metrics.add({ name: 'ButtonKeyRefused', value: 1 });
    return;
  }
  const delayMs = now().getTime() - Date.parse(newest.receivedAt ?? newest.time);
  metrics.add({ name: 'ReportDelaySeconds', value: Math.max(0, delayMs / 1000) });
  if (result.created && btnRef === undefined)
    metrics.add({ name: 'OrdersCreatedWithoutToken', value: 1, dimensions: { Brand: brand } });
}

/** Measures a write to the ledger instead of a try, so that nothing is counted twice. */
export function measureWrite(
  {
    before,
    after,
    events,
  }: { before: OrderState | undefined; after: OrderState; events: readonly LedgerEvent[] },
  { brand, metrics }: ReportOrderPorts,
): void {
  const dimensions = { Brand: brand };
  for (const { event } of events) {
    const name = METRIC_OF_EVENT.get(event);
    if (name) {
      metrics.add({ name, value: 1, dimensions });
      log.warn('order_token', { orderId: after.orderId, event });
    }
  }
  if (!after.newest) return;
  const { reported, waitingOrders, waiting } = ledgerChange(before?.newest ? before : undefined, after);
  if (waitingOrders !== 0) metrics.add({ name: 'WaitingOrdersChange', value: waitingOrders, dimensions });
  for (const value of reported) metrics.add(amount('ReportedAmountChangeMinor', brand, value));
  for (const value of waiting) metrics.add(amount('WaitingAmountChangeMinor', brand, value));
}

const METRIC_OF_EVENT: ReadonlyMap<string, 'OrderTokensDiffering' | 'OrderTokensNotTaken'> = new Map([
  ['other-token-seen', 'OrderTokensDiffering'],
  ['token-refused', 'OrderTokensNotTaken'],
]);

type AmountName = 'ReportedAmountChangeMinor' | 'WaitingAmountChangeMinor' | 'QuarantinedAmountMinor';

/** An amount of a brand, in the metric of that name. */
export function amount(name: AmountName, brand: string, { amountMinor, currency }: OrderValue): Measured {
  return { name, value: amountMinor, dimensions: { Brand: brand, Currency: currency } };
}
