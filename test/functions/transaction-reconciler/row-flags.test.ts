import { describe, expect, it } from 'vitest';

import { storeRows } from '../../../shared/reconciliation/store-rows.ts';
import type { Measured } from '../../../shared/runtime/metric-definitions.ts';
import { createInMemoryQuarantine } from '../../fakes/in-memory-stores.ts';
import { createInMemoryTransactions } from '../../fakes/in-memory-transactions.ts';

const ROW = {
  ...{ id: 'tx-1', button_order_id: 'btnorder-1', account_id: 'acc-1', status: 'pending' },
  ...{ category: 'new-user-order', amount: 100, currency: 'USD', order_total: 2000, order_currency: 'USD' },
  ...{ created_date: '2026-06-01T00:00:00Z', modified_date: '2026-06-01T00:00:00Z' },
  order_line_items: [{ identifier: 'a', total: 2000, publisher_commission: 100 }],
};

function open() {
  const measured: Measured[] = [];
  const transactions = createInMemoryTransactions();
  const store = (...rows: object[]) =>
    storeRows(
      {
        rows,
        position: { account: 'acc-1', stream: 'live', historicalBefore: null },
        readStartedAt: '2026-06-02T00:00:00.000Z',
      },
      {
        transactions,
        quarantine: createInMemoryQuarantine(),
        metrics: { add: (one) => measured.push(one) },
        windows: { lagMs: 0 },
        now: () => new Date('2026-06-02T00:00:01Z'),
      },
    );
  const flags = () => measured.flatMap((one) => (one.name === 'RowFlags' ? [one.dimensions.Flag] : []));
  return { store, flags, transactions };
}

describe('transactions, requirement 9: rows of the Transactions API are checked just as webhooks are', () => {
  it.each<[string, string, object]>([
    ['unknown_category', 'another category', { category: 'refund' }],
    ['missing_order_id', 'an order without its id', { button_order_id: null }],
    ['commission_mismatch', 'commissions that do not add up', { amount: 99 }],
    ['total_mismatch', 'line totals that do not add up', { order_total: 1999 }],
    ['unreadable_line_items', 'lines that are not a list', { order_line_items: 'two' }],
    ['unknown_field', 'a field that nobody knows', { loyalty_points: 7 }],
  ])('%s: %s', async (flag, _what, changes) => {
    const { store, flags, transactions } = open();

    await store({ ...ROW, ...changes });

    expect(flags()).toEqual([flag]);
    expect(transactions.all().flatMap(({ seen }) => seen.map((version) => version.flags))).toEqual([[flag]]);
  });

  it('several_button_ids: a second id of one order', async () => {
    const { store, flags } = open();
    await store(ROW);

    await store({ ...ROW, id: 'tx-2', amount: 100, modified_date: '2026-06-01T01:00:00Z' });

    expect(flags()).toEqual(['several_button_ids']);
  });

  it('a plain row has no flags, and each flag is counted once, however often its row is read', async () => {
    const { store, flags } = open();

    await store(ROW);
    expect(flags()).toEqual([]);
    for (let read = 0; read < 3; read += 1)
      await store({ ...ROW, button_order_id: 'btnorder-2', id: 'tx-2', order_total: 1 });

    expect(flags()).toEqual(['total_mismatch']);
  });
});
