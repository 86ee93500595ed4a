import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';

import { createBreakerStore } from '../../../../shared/orders/store/breaker-store.ts';
import { createExpiryPassStore } from '../../../../shared/transactions/store/expiry-pass-store.ts';
import { createOrderLedger } from '../../../../shared/orders/store/order-ledger-store.ts';
import { createPositionStore } from '../../../../shared/reconciliation/store/position-store.ts';
import { createQuarantineReview } from '../../../../shared/quarantine/quarantine-review.ts';
import { loadBody } from '../../../../shared/dynamodb/split-body.ts';
import { readOwner } from '../../../../shared/transactions/store/transaction-scan.ts';
import type { DynamoDB } from '../../../../shared/dynamodb/table-access.ts';

/** An empty table, and whether each read was consistent. */
function emptyTable() {
  const reads: (boolean | undefined)[] = [];
  const send = (command: unknown): Promise<object> => {
    if (command instanceof GetItemCommand || command instanceof QueryCommand)
      reads.push(command.input.ConsistentRead);
    return Promise.resolve({});
  };
  return { reads, client: { send } as DynamoDB };
}

describe('a read whose decision no condition protects', () => {
  it.each([
    [
      'an order of the ledger',
      (client: DynamoDB) => createOrderLedger({ client, table: 't', brand: 'acme' }).read('o-1'),
    ],
    ['a breaker', (client: DynamoDB) => createBreakerStore({ client, table: 't', brand: 'acme' }).read()],
    [
      'a position',
      (client: DynamoDB) => createPositionStore({ client, table: 't' }).read('acc-1', 'incremental'),
    ],
    [
      'the positions of an account',
      (client: DynamoDB) => createPositionStore({ client, table: 't' }).list('acc-1'),
    ],
    [
      'the mark of the deployment',
      (client: DynamoDB) =>
        createPositionStore({ client, table: 't' }).markDeployment('2026-06-01T00:00:00.000Z'),
    ],
    [
      'the accounts that were ever listed',
      (client: DynamoDB) => createPositionStore({ client, table: 't' }).rememberAccounts(['acc-1']),
    ],
    [
      'the pass over all transactions',
      (client: DynamoDB) => createExpiryPassStore({ client, table: 't' }).read(),
    ],
    [
      'an entry of the quarantine',
      (client: DynamoDB) => createQuarantineReview({ client, table: 't' }).read('webhook', 'hook-1'),
    ],
    [
      'the transaction that a part belongs to',
      (client: DynamoDB) => readOwner({ client, table: 't' }, 'order#1'),
    ],
    [
      'a part of a large transaction',
      (client: DynamoDB) =>
        loadBody({ client, table: 't' }, 'order#1', { bodyDigest: 'd', bodyParts: 1 }).catch(() => undefined),
    ],
  ])('is consistent: %s (F3)', async (_name, read) => {
    const { reads, client } = emptyTable();

    await read(client);

    expect(reads.length).toBeGreaterThan(0);
    expect(reads.every((isConsistent) => isConsistent === true)).toBe(true);
  });
});
