import * as z from 'zod';
import { AwsServiceError } from './aws-json-client.ts';

/**
 * What DynamoDB does to some of the requests of functions.
 * - `throttled`: it refuses the request, because the table has no capacity left. Clients try again by
 *   themselves, three times in all unless they say otherwise.
 * - `conflict`: another transaction is at work on the same item. A transaction is cancelled, any other write
 *   is refused.
 * - `unprocessed`: a BatchGetItem brings nothing back and names every key as unprocessed.
 */
export type DynamoDbFault = {
  kind: 'throttled' | 'conflict' | 'unprocessed';
  /** The name of a table; every table unless given. */
  tableName?: string;
  /** Such as `PutItem`; every operation that knows this fault unless given. */
  operation?: string;
  /** How many requests it affects. */
  times: number;
};

/** The faults that are set. */
export type DynamoDbFaults = {
  add(fault: DynamoDbFault): void;
  clear(): void;
  /**
   * The answer to a request that a fault affects, and that is not performed. Throws an `AwsServiceError` if
   * the fault refuses the request. Undefined if no fault affects it.
   */
  meet(operation: string, input: unknown): object | undefined;
};

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'];

/** Which operations a fault affects. */
const MEETS: Readonly<Record<DynamoDbFault['kind'], (operation: string) => boolean>> = {
  throttled: () => true,
  conflict: (operation) => WRITES.includes(operation),
  unprocessed: (operation) => operation === 'BatchGetItem',
};

const Target = z.object({ TableName: z.string() });
const TransactionSchema = z.object({ TransactItems: z.array(z.record(z.string(), Target)) });
const BatchSchema = z.object({ RequestItems: z.record(z.string(), z.unknown()) });

/** No fault is set at first. */
export function createDynamoDbFaults(): DynamoDbFaults {
  const faults: DynamoDbFault[] = [];
  return {
    add: (fault) => {
      faults.push({ ...fault });
    },
    clear: () => {
      faults.length = 0;
    },
    meet(operation, input) {
      const tables = tablesIn(input);
      const fault = faults.find(
        (it) =>
          it.times > 0 &&
          MEETS[it.kind](operation) &&
          (it.operation === undefined || it.operation === operation) &&
          (it.tableName === undefined || tables.includes(it.tableName)),
      );
      if (fault === undefined) return undefined;
      fault.times -= 1;
      return outcomeOf(fault, operation, input);
    },
  };
}

/**
 * Sources:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html (throttling),
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html ("Transaction conflict
 * handling"), https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
function outcomeOf({ kind }: DynamoDbFault, operation: string, input: unknown): object {
  switch (kind) {
    case 'throttled':
      throw new AwsServiceError(
        'ThrottlingException',
        'Throughput exceeds the current capacity of your table or index.',
      );
    case 'conflict':
      throw operation === 'TransactWriteItems'
        ? cancelled(TransactionSchema.parse(input).TransactItems.length)
        : new AwsServiceError('TransactionConflictException', 'Transaction is ongoing for the item');
    case 'unprocessed':
      return { Responses: {}, UnprocessedKeys: BatchSchema.parse(input).RequestItems };
  }
}

function cancelled(actions: number): AwsServiceError {
  const reasons = Array.from({ length: actions }, (_, index) =>
    index === 0
      ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }
      : { Code: 'None' },
  );
  return new AwsServiceError(
    'TransactionCanceledException',
    'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
      `[${reasons.map(({ Code }) => Code).join(', ')}]`,
    { CancellationReasons: reasons },
  );
}

function tablesIn(input: unknown): string[] {
  const one = Target.safeParse(input);
  if (one.success) return [one.data.TableName];
  const batch = BatchSchema.safeParse(input);
  if (batch.success) return Object.keys(batch.data.RequestItems);
  const transaction = TransactionSchema.safeParse(input);
  return (
    transaction.data?.TransactItems.flatMap((action) => Object.values(action).map((it) => it.TableName)) ?? []
  );
}
