import { afterAll, beforeAll, expect, it } from 'vitest';

import type { LedgerEntry } from '../../../shared/domain/order-ledger.ts';
import { sampleSettledOrders } from '../../../shared/store/order-ledger-scan.ts';
import { createOrderLedger } from '../../../shared/store/order-ledger-store.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../emulators/dynamodb.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(() => dynamodb.close());

function entry(brand: string, orderId: string, progress: LedgerEntry['progress']): LedgerEntry {
  const at = '2026-06-01T12:00:00.000Z';
  const version = { by: 'sequence', sequence: '1' } as const;
  const event = { eventId: 'e', eventSource: 's', messageId: 'm', time: at };
  return {
    brand,
    orderId,
    newest: { version, kind: 'created', hash: 'h', ...event },
    progress,
    attempts: 0,
    warnings: [],
  };
}

it('gives every settled order of the brand once, from somewhere on, and no other', async () => {
  const ofBrand = (brand: string) => ({ client: dynamodb.client, table: dynamodb.tables.orderLedger, brand });
  for (let index = 0; index < 20; index += 1)
    for (const brand of ['acme', 'acme-two'])
      await createOrderLedger(ofBrand(brand)).write(
        entry(brand, `${brand} ${index}`, { state: 'settled' }),
        0,
      );
  const refused = entry('acme', 'refused', { state: 'refused', reason: 'x' });
  await createOrderLedger(ofBrand('acme')).write(refused, 0);

  for (const random of [0, 0.3, 0.999]) {
    const ids: string[] = [];
    for await (const id of sampleSettledOrders(ofBrand('acme'), () => random)) ids.push(id);

    expect(ids.toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => `acme ${index}`).toSorted());
  }
});
