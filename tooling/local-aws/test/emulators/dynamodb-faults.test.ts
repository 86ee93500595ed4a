import { describe, expect, it } from 'vitest';
import { AwsServiceError } from '../../emulators/aws-json-client.ts';
import { createDynamoDbFaults } from '../../emulators/dynamodb-faults.ts';

const PUT = { TableName: 'orders', Item: {} };
const TRANSACTION = { TransactItems: [{ Put: PUT }, { Update: { TableName: 'positions', Key: {} } }] };
const BATCH = { RequestItems: { orders: { Keys: [{ pk: { S: 'a' } }] } } };

function refusalOf(perform: () => unknown): { code: string; answer: unknown } {
  try {
    perform();
  } catch (error) {
    if (error instanceof AwsServiceError) return { code: error.code, answer: JSON.parse(error.toJson()) };
    throw error;
  }
  throw new Error('Nothing was refused.');
}

describe('faults of DynamoDB', () => {
  it('throttle any operation on the table that they name, as often as configured', () => {
    const faults = createDynamoDbFaults();
    faults.add({ kind: 'throttled', tableName: 'positions', times: 2 });

    expect(faults.meet('PutItem', PUT)).toBeUndefined();
    for (const [operation, input] of [
      ['TransactWriteItems', TRANSACTION],
      ['Query', { TableName: 'positions' }],
    ] as const)
      expect(refusalOf(() => faults.meet(operation, input)).code).toBe('ThrottlingException');
    expect(faults.meet('Query', { TableName: 'positions' })).toBeUndefined();
  });

  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
  it('cancel a transaction with a reason for each of its actions, and refuse a single write', () => {
    const faults = createDynamoDbFaults();
    faults.add({ kind: 'conflict', times: 2 });

    expect(faults.meet('GetItem', PUT)).toBeUndefined();
    expect(refusalOf(() => faults.meet('TransactWriteItems', TRANSACTION))).toMatchObject({
      code: 'TransactionCanceledException',
      answer: { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }] },
    });
    expect(refusalOf(() => faults.meet('PutItem', PUT)).code).toBe('TransactionConflictException');
  });

  // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
  it('leave the keys of a batch unprocessed', () => {
    const faults = createDynamoDbFaults();
    faults.add({ kind: 'unprocessed', tableName: 'orders', times: 1 });

    expect(faults.meet('BatchGetItem', BATCH)).toEqual({
      Responses: {},
      UnprocessedKeys: BATCH.RequestItems,
    });
  });

  it('apply only to the operation that they name, and end when they are cleared', () => {
    const faults = createDynamoDbFaults();
    faults.add({ kind: 'throttled', operation: 'UpdateItem', times: 5 });

    expect(faults.meet('PutItem', PUT)).toBeUndefined();
    faults.clear();
    expect(faults.meet('UpdateItem', PUT)).toBeUndefined();
  });
});
