import type { LedgerEntry, Progress } from '../../../shared/orders/rules/order-ledger.ts';
import type { QuarantinedItem } from '../../../shared/quarantine/quarantine-review.ts';

const DUE = { dueAt: '2026-06-01T11:00:00.000Z' };
const DOUBT = { kind: 'unclear', hash: 'h' } as const;

/** One of each state. */
export const PROGRESS_STATES: readonly Progress[] = [
  { state: 'claimed', owner: 'run', until: '2026-06-01T11:00:00.000Z', hash: 'h' },
  { state: 'waiting', ...DUE, reason: 'breaker_open' },
  { state: 'in-doubt', ...DUE, reason: 'timeout', doubt: DOUBT },
  { state: 'settled' },
  { state: 'failing', ...DUE, reason: 'http_500' },
  { state: 'refused', reason: 'refused_by_button' },
];

/** Version 3 of an order, received at 10:00 and acknowledged a minute later. */
export function sampleEntry(progress: Progress): LedgerEntry {
  const version = { by: 'sequence', sequence: '3' } as const;
  return {
    brand: 'acme',
    orderId: 'B07',
    newest: {
      version,
      kind: 'updated',
      hash: 'h',
      eventId: 'e-1',
      eventSource: '/shop',
      messageId: 'm-0',
      time: '2026-06-01T09:59:00.000Z',
      receivedAt: '2026-06-01T10:00:00.000Z',
      order: {
        order_id: 'B07',
        total: 7000,
        currency: 'USD',
        purchase_date: '2026-06-01T09:58:00Z',
        customer: { id: 'customer-of-the-sample' },
      },
    },
    reported: {
      version,
      kind: 'updated',
      hash: 'h',
      at: '2026-06-01T10:01:00.000Z',
      acceptedOnly: false,
      buttonOrderId: 'btnorder-1',
      value: { amountMinor: 7000, currency: 'USD' },
    },
    progress,
    attempts: 0,
    warnings: [],
  };
}

/** A refused message of version 3. */
export function sampleQuarantined(more: Partial<QuarantinedItem>): QuarantinedItem {
  return {
    kind: 'order#acme',
    id: 'm-1',
    orderId: 'B07',
    reasons: [{ code: 'total_not_sum', path: '$.data.total', problem: 'Not the sum', fix: 'Send the sum.' }],
    refusedAt: '2026-06-01T12:00:00.000Z',
    origin: 'sqs:m-1',
    refusals: 1,
    replays: 0,
    bytes: Buffer.from(JSON.stringify({ type: 'order.updated.v1', sequence: '3' })),
    ...more,
  };
}
