import type { LedgerEntry, Progress } from '../../../shared/orders/rules/order-ledger.ts';
import type { QuarantinedItem } from '../../../shared/quarantine/quarantine-review.ts';
import { mergeTransaction } from '../../../shared/transactions/rules/merge-transaction.ts';
import { readWebhook } from '../../../shared/validation/webhooks/transaction-wire.ts';
import type { Observation, TransactionRecord } from '../../../shared/validation/webhooks/transaction.ts';
import pendingWebhook from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };

/** The shopper in the samples. */
export const SHOPPER = 'shopper-of-the-sample';

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

/** The record after these webhooks, each a second later than the previous one. */
export function recordOf(...versions: object[]): TransactionRecord {
  let record: TransactionRecord | undefined;
  for (const [index, data] of versions.entries()) {
    const source = { kind: 'webhook', eventId: `hook-${index}` } as const;
    record = observed(record, { data, source, seenAt: `2026-06-01T00:01:0${index}.000Z` });
  }
  if (!record) throw new Error('No version');
  return record;
}

/** The record after a read of the Transactions API on the next day, which showed a change of that hour. */
export function readLater(
  record: TransactionRecord | undefined,
  data: object,
  changedAfterHours = 1,
): TransactionRecord {
  const modified = new Date(Date.parse('2026-06-01T00:00:00Z') + changedAfterHours * 3_600_000);
  return observed(record, {
    data: { modified_date: modified.toISOString().replace('.000', ''), ...data },
    source: { kind: 'api', readStartedAt: '2026-06-02T00:00:00.000Z' },
    seenAt: '2026-06-02T00:00:00.000Z',
  });
}

function observed(
  record: TransactionRecord | undefined,
  { data, source, seenAt }: { data: object; source: Observation['source']; seenAt: string },
): TransactionRecord {
  const dates = { created_date: '2026-06-01T00:00:00Z', modified_date: '2026-06-01T00:00:00Z' };
  const whole = { ...pendingWebhook.data, ...dates, publisher_customer_id: SHOPPER, ...data };
  const body = Buffer.from(JSON.stringify({ ...pendingWebhook, id: 'hook-sample', data: whole }));
  const reading = readWebhook(body);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  const { transaction, payload } = reading;
  const observation = { transaction, payload, source, seenAt, delivery: 'live' as const };
  return mergeTransaction(record, observation, { storedAt: seenAt }).record;
}
