import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import type { OrderAudit } from '../../shared/orders/audit-orders.ts';
import { log } from '../../shared/runtime/logger.ts';

/** Counts what an audit found, in orders and in money, and names each order that drifted in the log. */
export function measureAudit(
  { audited, drift, unanswered }: OrderAudit,
  { brand, metrics }: { brand: string; metrics: Metrics },
): void {
  const forBrand = { dimensions: { Brand: brand } };
  metrics.add({ name: 'OrdersAudited', value: audited, ...forBrand });
  metrics.add({ name: 'OrdersNotAudited', value: unanswered, ...forBrand });
  metrics.add({ name: 'OrdersDrifted', value: drift.length, ...forBrand });
  for (const { orderId, reasons, amountMinor, currency } of drift) {
    log.warn('order_drifted', { orderId, reasons, amountMinor, currency });
    const money = { Brand: brand, Currency: currency };
    metrics.add({ name: 'OrderDriftAmountMinor', value: amountMinor, dimensions: money });
    for (const reason of reasons)
      metrics.add({ name: 'OrderDriftReasons', value: 1, dimensions: { Brand: brand, Reason: reason } });
  }
}
